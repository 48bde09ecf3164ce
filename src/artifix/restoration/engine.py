"""What runs a network: OpenVINO, ONNX Runtime or torch, each behind the same small callable."""

import hashlib
import inspect
import io
import json
import platform
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError
from artifix.models import card as cards
from artifix.models import int8
from artifix.models.blending import read_blended
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.catalog import VIVID, read_model
from artifix.models.runtime import openvino_core
from artifix.restoration import trimming
from artifix.restoration.cache import read_cached, write_cached

Batch = NDArray[np.float32]
Inside = tuple[bool, bool, bool, bool]  # whether the picture goes on at the top, left, bottom and right of a tile
Run = Callable[[Batch, Inside], Batch]
Loaded = tuple[ModelCard, Run, str, int]
EngineName = Literal["auto", "openvino", "onnxruntime", "torch"]
Precision = Literal["auto", "fp32", "bf16", "int8"]

ENGINES: Final = ("auto", "openvino", "onnxruntime", "torch")
WHOLE: Final[Inside] = (False, False, False, False)
PRECISIONS: Final = ("auto", "fp32", "bf16", "int8")
_HINTS: Final = {"fp32": "f32", "bf16": "bf16"}  # to OpenVINO
_CACHED_KERNELS: Final = 256  # for layers and shapes of pictures; of its own 5,000, OpenVINO lets go too late
_TRIAL: Final = 64  # multiples to a side of the tile that int8 is tried on: 128 pixels
_TRIALS: Final = 3
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
    try:
        return _read_openvino(openvino_core(), read_model(model))[1]
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


def _read_openvino(core: Any, data: bytes) -> tuple[Any, ModelCard]:
    try:
        model = core.read_model(data)
    except RuntimeError as error:
        raise ModelError("not an artifix model: OpenVINO cannot read it as ONNX") from error
    where = ["framework", METADATA_KEY]  # where OpenVINO keeps ONNX's metadata
    return model, card_from_json(model.get_rt_info(where).value if model.has_rt_info(where) else None)


def _openvino(data: bytes, precision: str, threads: int | None) -> Loaded:
    core = openvino_core()
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "CPU_RUNTIME_CACHE_CAPACITY": _CACHED_KERNELS}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    key = _key(core, data, precision)
    network = _kept(core, key, settings)
    if network is None:
        network = _compile(core, data, precision, settings)
        _keep(key, network)
    return network.card, network.runner(), network.precision, network.trimmed


@dataclass(frozen=True)
class _Compiled:
    """A network that OpenVINO compiled for this processor; `trimmed` pixels its tiles lose, as `trim` has it."""

    compiled: Any
    card: ModelCard
    precision: str
    trimmed: int

    def runner(self) -> Run:
        request, trimmed = self.compiled.create_infer_request(), self.trimmed

        def run(batch: Batch, inside: Inside) -> Batch:
            inputs = [batch, np.array(inside, np.int64)] if trimmed else [batch]
            restored: Batch = request.infer(inputs, share_inputs=True)[0]
            return restored

        return run


def _compile(core: Any, data: bytes, precision: str, settings: dict[str, Any]) -> _Compiled:
    """A model, compiled; `auto` is `int8` or `float`, whichever runs faster, `float` the best floating type."""
    model, card = _read_openvino(core, data)
    if precision == "auto":
        if not card.ranges:
            return _compile(core, data, "float", settings)
        return _fastest([_compile(core, data, each, settings) for each in ("float", "int8")])
    if precision in _HINTS:
        settings = settings | {"INFERENCE_PRECISION_HINT": _HINTS[precision]}
    if precision == "int8":
        int8.quantise(model, card.ranges)
    trimmed = trimming.trim(model, card)
    compiled = core.compile_model(model, "CPU", settings)
    floating = _PRECISION_NAMES[compiled.get_property("INFERENCE_PRECISION_HINT").to_string()]
    return _Compiled(compiled, card, "int8" if precision == "int8" else floating, trimmed)


def _fastest(networks: list[_Compiled]) -> _Compiled:
    """The one that takes the processor the least time for a small tile, whoever else uses it: the best of some runs."""
    card = networks[0].card
    tile = np.zeros((1, card.channels, _TRIAL * card.multiple, _TRIAL * card.multiple), np.float32)
    runs, times = [network.runner() for network in networks], np.empty((_TRIALS, len(networks)))
    for turn in times:
        for number, run in enumerate(runs):
            began = time.process_time()
            run(tile, WHOLE)
            turn[number] = time.process_time() - began
    return networks[int(times.min(axis=0).argmin())]


def _key(core: Any, data: bytes, precision: str) -> str | None:
    """What a compiled network is kept under; None where none is."""
    import openvino

    processor = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    try:  # a change of the code that changes the network must find nothing kept
        code = [inspect.getsource(module) for module in (int8, trimming, cards, sys.modules[__name__])]
    except OSError:  # installed without its sources
        return None
    return f"{openvino.get_version()} {processor} {code} {hashlib.sha256(data).hexdigest()} {precision}"


def _keep(key: str | None, network: _Compiled) -> None:
    if key is not None:
        exported = io.BytesIO()  # what export_model() returns depends on OpenVINO's version
        network.compiled.export_model(exported)
        facts = {"card": network.card.to_json(), "precision": network.precision, "trimmed": network.trimmed}
        write_cached(key, json.dumps(facts).encode() + b"\n" + exported.getvalue())


def _kept(core: Any, key: str | None, settings: dict[str, Any]) -> _Compiled | None:
    """The network as it was kept; None if it was not, or OpenVINO refuses it."""
    content = read_cached(key) if key is not None else None
    if content is None:
        return None
    facts, _, network = content.partition(b"\n")
    said = json.loads(facts)
    if said["precision"] in _HINTS:
        settings = settings | {"INFERENCE_PRECISION_HINT": _HINTS[said["precision"]]}
    try:
        compiled = core.import_model(network, "CPU", settings)
    except RuntimeError:  # OpenVINO's own reasons
        return None
    return _Compiled(compiled, card_from_json(said["card"]), said["precision"], said["trimmed"])


def _onnxruntime(data: bytes, precision: str, threads: int | None) -> Loaded:
    import onnxruntime

    if precision in ("bf16", "int8"):
        raise ModelError("ONNX Runtime runs it in fp32 only")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
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
