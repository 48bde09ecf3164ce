"""What runs a network: OpenVINO, ONNX Runtime or torch, each behind the same small callable."""

import platform
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from artifix.clock import turn
from artifix.engines import onnxruntime_engine, openvino_engine, torch_engine
from artifix.engines.int8 import rounded_maps
from artifix.engines.run import WHOLE, Batch, Inside, Loaded, Run, Vector
from artifix.errors import ModelError
from artifix.models.card import ModelCard
from artifix.models.catalog import read_model
from artifix.models.model import Model

EngineName = Literal["auto", "openvino", "onnxruntime", "torch"]
Precision = Literal["auto", "float", "fp32", "bf16", "int8"]

ENGINES: Final = get_args(EngineName)
PRECISIONS: Final = get_args(Precision)
# The precisions of the engines that lack some; these engines need a package that is not always installed.
_PRECISIONS_OF: Final[dict[str, tuple[str, ...]]] = {
    "onnxruntime": ("float", "fp32"),
    "torch": ("float", "fp32", "bf16"),
}


@dataclass(frozen=True)
class Engine:
    """A network ready to run: `engine(batch)` maps (1, C, H, W) float32 in [-1, 1] to the same shape, not clipped.

    H and W must be multiples of `card.multiple`. One call runs at a time, so that memory stays what one tile takes.
    """

    name: str
    precision: str
    card: ModelCard
    run: Run
    lock: threading.Lock
    fingerprint: str
    """What distinguishes the network from any other: a part of the SHA-256 of its file, or of its blend's."""
    known: int = 0
    """The length of the vector of what the network is told of the file; 0 for nothing."""
    trim: int = 0
    """Pixels of its halo that a tile comes back without, at each side where it is inside the picture."""

    def __call__(self, batch: Batch, inside: Inside = WHOLE, known: Vector | None = None) -> Batch:
        """Run the network on one batch: of a whole picture, or of a tile, which may lose `trim` pixels `inside`.

        `known` is what the network is told of the file, (1, K) float32; None is nothing, and networks that are told
        nothing ignore it. ModelError where the runtime fails at it, as each does in its own way when memory is short.
        """
        top, left, bottom, right = (self.trim * beyond for beyond in inside)
        height, width = batch.shape[2] - top - bottom, batch.shape[3] - left - right
        if known is None or not self.known:
            known = np.zeros((1, self.known), np.float32)
        with self.lock, turn():
            try:
                restored = self.run(batch, inside, known)
                if restored.shape[2:] != (height, width):  # OpenVINO has been seen to return an earlier result
                    raise RuntimeError(f"it made {restored.shape[3]}x{restored.shape[2]} of {width}x{height} pixels")
            except Exception as error:
                raise ModelError(f"{self.name} failed, most likely for lack of memory: {_reason(error)}") from error
            return restored


def load_engine(
    model: Model | str | Path,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
) -> Engine:
    """The engine for a model, which may be given as a shipped model's name or the path of a .safetensors file of ours.

    `auto` is torch where it is installed with CUDA or MPS, otherwise OpenVINO, or ONNX Runtime where OpenVINO is not
    installed. Its precision is int8 in OpenVINO where the model's card has ranges for it and this processor takes less
    time for it, which is measured once and remembered; otherwise, and with `float`, the fastest floating type: bf16
    where the processor or the GPU has it, or fp32. `threads` None takes every core.

    ModelError if the file is not an artifix model, as in `check_engine`, and if the runtime fails.
    """
    name = model.card.name if isinstance(model, Model) else model
    loaded = model if isinstance(model, Model) else read_model(model)
    if engine == "auto":
        engine = "torch" if _has_gpu() else _for_processor()
    try:
        check_engine(loaded, engine, precision)
        run, used, trim = _LOADERS[engine](loaded, precision, threads)
    except ImportError as error:
        raise ModelError(f"the {engine} engine is not installed: {error}") from error
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except (RuntimeError, MemoryError) as error:
        raise ModelError(f"{name}: {engine} failed, most likely for lack of memory: {_reason(error)}") from error
    known = loaded.description.known
    return Engine(engine, used, loaded.card, run, threading.Lock(), loaded.fingerprint, known, trim)


def check_engine(model: Model, engine: EngineName, precision: Precision) -> None:
    """ModelError if the engine is unknown, needs a package that is missing, or cannot run the model in this precision.

    This finds wrong arguments without compiling a network. OpenVINO, which belongs to every install, is not looked for.
    """
    if engine not in ENGINES:
        raise ModelError(f"unknown engine {engine!r}, expected one of {', '.join(ENGINES)}")
    if precision not in PRECISIONS:
        raise ModelError(f"unknown precision {precision!r}, expected one of {', '.join(PRECISIONS)}")
    able = _PRECISIONS_OF.get(engine, PRECISIONS)
    if precision not in ("auto", *able):
        raise ModelError(f"{engine} runs networks in {' or '.join(able)} only")
    if engine in _PRECISIONS_OF and find_spec(engine) is None:
        raise ModelError(f"the {engine} engine is not installed")
    if precision == "int8":
        rounded_maps(model.description, model.card.ranges)


def _reason(error: Exception) -> str:
    """The last line of a runtime's message; the lines before name places in its own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


_LOADERS: Final[dict[str, Callable[[Model, str, int | None], Loaded]]] = {
    "openvino": openvino_engine.load,
    "onnxruntime": onnxruntime_engine.load,
    "torch": torch_engine.load,
}


def _for_processor() -> EngineName:
    return "onnxruntime" if find_spec("onnxruntime") and not find_spec("openvino") else "openvino"


def _has_gpu() -> bool:
    # Importing torch takes a second or more, so a driver or a Mac with Apple's chip is looked for first.
    driver = shutil.which("nvidia-smi") or Path("/dev/nvidiactl").exists()
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return bool(driver or apple) and find_spec("torch") is not None and torch_engine.device() != "cpu"
