"""What runs a network: OpenVINO, ONNX Runtime or torch, each behind the same small callable."""

import hashlib
import platform
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError
from artifix.models.blending import read_blended
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.catalog import VIVID, read_model

Batch = NDArray[np.float32]
Run = Callable[[Batch], Batch]
EngineName = Literal["auto", "openvino", "onnxruntime", "torch"]
Precision = Literal["auto", "fp32", "bf16"]

ENGINES: Final = ("auto", "openvino", "onnxruntime", "torch")
PRECISIONS: Final = ("auto", "fp32", "bf16")
_PRECISION_NAMES: Final = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}  # as OpenVINO says them


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

    def __call__(self, batch: Batch) -> Batch:
        """Run the network on one batch."""
        with self.lock:
            return self.run(batch)


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

    `auto` is torch where it is installed with CUDA or MPS, otherwise OpenVINO; its precision is the fastest floating
    type of the machine: bf16 where the processor or the GPU has it, else fp32. `threads` None takes every core.
    ModelError if the file is no artifix model, or the engine is not installed or cannot do that precision.
    """
    data = read_blended(model, detail, vivid)
    if engine == "auto":
        engine = "torch" if _has_gpu() else "openvino"
    if engine not in _LOADERS:
        raise ModelError(f"unknown engine {engine!r}, expected one of {', '.join(ENGINES)}")
    if precision not in PRECISIONS:
        raise ModelError(f"unknown precision {precision!r}, expected one of {', '.join(PRECISIONS)}")
    try:
        card, run, used = _LOADERS[engine](data, precision, threads)
    except ImportError as error:
        raise ModelError(f"the {engine} engine is not installed: {error}") from error
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error
    if not _fits(run, card):
        raise ModelError(f"{model}: its network does not fit its card")
    return Engine(engine, used, card, run, threading.Lock(), hashlib.sha256(data).hexdigest()[:16])


def read_card(model: str | Path) -> ModelCard:
    """The card of a shipped model or of an .onnx file of ours, the network left unloaded; ModelError if it is none."""
    try:
        return _read_openvino(_openvino_core(), read_model(model))[1]
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error


def _fits(run: Run, card: ModelCard) -> bool:
    """Whether the network maps the smallest batch that its card allows to another of that shape."""
    probe = np.zeros((1, card.channels, card.multiple, card.multiple), np.float32)
    try:
        return run(probe).shape == probe.shape
    except Exception:  # every runtime has its own
        return False


@cache
def _openvino_core() -> Any:
    """OpenVINO's own object, one for all.

    Each gives the main thread a stack for its signals. Of several that go in another order than they came, the last
    leaves the thread with a stack that is gone, and the next signal, Ctrl-C for one, would end the process.
    """
    import openvino

    return openvino.Core()


def _read_openvino(core: Any, data: bytes) -> tuple[Any, ModelCard]:
    try:
        model = core.read_model(data)
    except RuntimeError as error:
        raise ModelError("not an artifix model: OpenVINO cannot read it as ONNX") from error
    where = ["framework", METADATA_KEY]  # where OpenVINO keeps ONNX's metadata
    return model, card_from_json(model.get_rt_info(where).value if model.has_rt_info(where) else None)


def _openvino(data: bytes, precision: str, threads: int | None) -> tuple[ModelCard, Run, str]:
    core = _openvino_core()
    model, card = _read_openvino(core, data)
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if precision != "auto":
        settings["INFERENCE_PRECISION_HINT"] = {"fp32": "f32", "bf16": "bf16"}[precision]
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    compiled = core.compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()
    used = _PRECISION_NAMES[compiled.get_property("INFERENCE_PRECISION_HINT").to_string()]

    def run(batch: Batch) -> Batch:
        restored: Batch = request.infer(batch, share_inputs=True)[0]
        return restored

    return card, run, used


def _onnxruntime(data: bytes, precision: str, threads: int | None) -> tuple[ModelCard, Run, str]:
    import onnxruntime

    if precision == "bf16":
        raise ModelError("ONNX Runtime runs it in fp32 only")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions derive from Exception alone
        raise ModelError("not an artifix model: ONNX Runtime cannot read it as ONNX") from error
    card = card_from_json(session.get_modelmeta().custom_metadata_map.get(METADATA_KEY))

    def run(batch: Batch) -> Batch:
        restored: Batch = session.run(None, {session.get_inputs()[0].name: batch})[0]
        return restored

    return card, run, "fp32"


def _torch(data: bytes, precision: str, threads: int | None) -> tuple[ModelCard, Run, str]:
    import torch

    from artifix.models.torch_weights import network_from_onnx

    card, network = network_from_onnx(data)
    device = _torch_device()
    if threads is not None and device == "cpu":
        torch.set_num_threads(threads)
    if precision == "auto":
        precision = "bf16" if device == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    network.eval().to(device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def run(batch: Batch) -> Batch:
        degraded = torch.from_numpy(batch).to(device, dtype, memory_format=torch.channels_last)
        restored: Batch = network(degraded).float().cpu().numpy()
        return restored

    return card, run, precision


_LOADERS: Final[dict[str, Callable[[bytes, str, int | None], tuple[ModelCard, Run, str]]]] = {
    "openvino": _openvino,
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
