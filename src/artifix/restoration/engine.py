"""What runs a network: OpenVINO, ONNX Runtime or torch, each behind the same small callable."""

import hashlib
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

from artifix.errors import ModelError
from artifix.models.blending import read_blended
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.catalog import VIVID, read_model
from artifix.models.runtime import openvino_core
from artifix.restoration import openvino_engine
from artifix.restoration.run import WHOLE, Batch, Inside, Loaded, Run

EngineName = Literal["auto", "openvino", "onnxruntime", "torch"]
Precision = Literal["auto", "fp32", "bf16", "int8"]

ENGINES: Final = get_args(EngineName)
PRECISIONS: Final = get_args(Precision)
# Of ONNX Runtime, the best first; which there are depends on its build.
_PROVIDERS: Final = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


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
    """What tells the network from any other: a part of the SHA-256 of its file, or of its blend."""
    trim: int = 0
    """Pixels of its halo that a tile comes back without, at each side where it is inside the picture."""

    def __call__(self, batch: Batch, inside: Inside = WHOLE) -> Batch:
        """Run the network on one batch: of a whole picture, or of a tile, which may lose `trim` pixels `inside`.

        ModelError where the runtime fails at it, as each does in its own way when memory is short.
        """
        top, left, bottom, right = (self.trim * beyond for beyond in inside)
        height, width = batch.shape[2] - top - bottom, batch.shape[3] - left - right
        with self.lock:
            try:
                restored = self.run(batch, inside)
                if restored.shape[2:] != (height, width):  # OpenVINO has been seen to answer what it made before
                    raise RuntimeError(f"it made {restored.shape[3]}x{restored.shape[2]} of {width}x{height} pixels")
            except Exception as error:
                raise ModelError(f"{self.name} failed, most likely for lack of memory: {_reason(error)}") from error
            return restored


def load_engine(
    model: str | Path,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
    *,
    detail: float = 0.0,
    vivid: str | Path = VIVID,
) -> Engine:
    """The engine for a shipped model's name or an .onnx file of ours, or for a blend as `read_blended` makes it.

    `auto` is torch where it is installed with CUDA or MPS, otherwise OpenVINO. Its precision is int8 in OpenVINO where
    the model's card has ranges for it and this processor takes less time for it, which is measured once and remembered;
    else, and for a blend, whose ranges nobody measured, the fastest floating type: bf16 where the processor or the GPU
    has it, or fp32. `threads` None takes every core.

    ModelError if the file is no artifix model, or the engine is not installed or cannot do that precision.
    """
    data = read_blended(model, detail, vivid)
    if engine == "auto":
        engine = "torch" if _has_gpu() else "openvino"
    if engine not in _LOADERS:
        raise ModelError(f"unknown engine {engine!r}, expected one of {', '.join(ENGINES)}")
    if precision not in PRECISIONS:
        raise ModelError(f"unknown precision {precision!r}, expected one of {', '.join(PRECISIONS)}")
    if detail and precision == "int8":
        raise ModelError(f"{model}: int8 needs ranges measured for these very weights, which a blend has not")
    try:
        card, run, used, trimmed = _LOADERS[engine](
            data, "float" if detail and precision == "auto" else precision, threads
        )
    except ImportError as error:
        raise ModelError(f"the {engine} engine is not installed: {error}") from error
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error
    except (RuntimeError, MemoryError) as error:
        raise ModelError(f"{model}: {engine} failed, most likely for lack of memory: {_reason(error)}") from error
    if not _fits(run, card):
        raise ModelError(f"{model}: its network does not fit its card")
    return Engine(engine, used, card, run, threading.Lock(), hashlib.sha256(data).hexdigest()[:16], trimmed)


def read_card(model: str | Path) -> ModelCard:
    """The card of a shipped model or of an .onnx file of ours, the network left unloaded; ModelError if it is none."""
    data = read_model(model)
    try:
        return openvino_engine.read(openvino_core(), data)[1]
    except ImportError as error:
        raise ModelError(f"OpenVINO is not installed ({error}); please install artifix again") from error
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error


def _reason(error: Exception) -> str:
    """What a runtime says last; before that it tells where in its own source it was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _fits(run: Run, card: ModelCard) -> bool:
    """Whether the network maps the smallest batch that its card allows to another of that shape."""
    probe = np.zeros((1, card.channels, card.multiple, card.multiple), np.float32)
    try:
        return run(probe, WHOLE).shape == probe.shape
    except Exception:  # every runtime has its own
        return False


def _onnxruntime(data: bytes, precision: str, threads: int | None) -> Loaded:
    import onnxruntime

    if precision in ("bf16", "int8"):
        raise ModelError("ONNX Runtime runs it in fp32 only")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    try:
        there = onnxruntime.get_available_providers()
        providers = [name for name in _PROVIDERS if name in there]
        session = onnxruntime.InferenceSession(data, options, providers=providers)
    except Exception as error:  # its exceptions derive from Exception alone
        raise ModelError("not an artifix model: ONNX Runtime cannot read it as ONNX") from error
    card = card_from_json(session.get_modelmeta().custom_metadata_map.get(METADATA_KEY))

    def run(batch: Batch, inside: Inside) -> Batch:
        restored: Batch = session.run(None, {session.get_inputs()[0].name: batch})[0]
        return restored

    return card, run, "fp32", 0


def _torch(data: bytes, precision: str, threads: int | None) -> Loaded:
    import torch

    from artifix.models.torch_weights import network_from_onnx

    if precision == "int8":
        raise ModelError("torch runs it in fp32 or bf16 only")
    card, network = network_from_onnx(data)
    device = _torch_device()
    if threads is not None and device == "cpu":
        torch.set_num_threads(threads)
    if precision in ("auto", "float"):
        precision = "bf16" if device == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    network.eval().to(device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def run(batch: Batch, inside: Inside) -> Batch:
        degraded = torch.from_numpy(batch).to(device, dtype, memory_format=torch.channels_last)
        restored: Batch = network(degraded).float().cpu().numpy()
        return restored

    return card, run, precision, 0


_LOADERS: Final[dict[str, Callable[[bytes, str, int | None], Loaded]]] = {
    "openvino": openvino_engine.load,
    "onnxruntime": _onnxruntime,
    "torch": _torch,
}


def _has_gpu() -> bool:
    # Importing torch takes a second or more, so a driver or a Mac with Apple's chip is looked for first.
    driver = shutil.which("nvidia-smi") or Path("/dev/nvidiactl").exists()
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return bool(driver or apple) and all(map(find_spec, ("torch", "onnx"))) and _torch_device() != "cpu"


def _torch_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
