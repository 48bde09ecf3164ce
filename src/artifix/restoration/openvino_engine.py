"""OpenVINO as an engine: compiles a model for this processor, in the arithmetic that is quickest, and keeps it."""

import hashlib
import inspect
import io
import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from artifix.errors import ModelError
from artifix.models import card as cards
from artifix.models import int8, runtime
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.runtime import openvino_core, precision_setting
from artifix.restoration import trimming
from artifix.restoration.cache import read_cached, write_cached
from artifix.restoration.run import WHOLE, Batch, Inside, Loaded, Run

_CACHED_KERNELS: Final = 256  # for layers and shapes of pictures; of its own 5,000, OpenVINO lets go too late
_TRIAL: Final = 64  # multiples to a side of the tile that int8 is tried on: 128 pixels of `mse`, whose multiple is 2
_TRIALS: Final = 3
_PRECISION_NAMES: Final = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}  # as OpenVINO says them


def read(core: Any, data: bytes) -> tuple[Any, ModelCard]:
    """The graph and the card in an ONNX file; ModelError if it is none of ours."""
    try:
        model = core.read_model(data)
    except RuntimeError as error:
        raise ModelError("not an artifix model: OpenVINO cannot read it as ONNX") from error
    where = ["framework", METADATA_KEY]  # where OpenVINO keeps ONNX's metadata
    return model, card_from_json(model.get_rt_info(where).value if model.has_rt_info(where) else None)


def load(data: bytes, precision: str, threads: int | None) -> Loaded:
    """A network ready to run, compiled or as it was kept; `precision` may be `auto` or `float`, as in `_compile`."""
    core = openvino_core()
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "CPU_RUNTIME_CACHE_CAPACITY": _CACHED_KERNELS}
    if threads is not None:
        # Pinned, the threads of several processes would all be on the machine's first cores.
        settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
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
    model, card = read(core, data)
    if precision == "auto":
        if not card.ranges:
            return _compile(core, data, "float", settings)
        return _fastest([_compile(core, data, each, settings) for each in ("float", "int8")])
    if precision == "int8":
        int8.quantise(model, card.ranges)
    trimmed = trimming.trim(model, card)
    compiled = core.compile_model(model, "CPU", settings | precision_setting(precision))
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
        code = [inspect.getsource(module) for module in (int8, runtime, trimming, cards, sys.modules[__name__])]
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
    """The network as it was kept; None if it was not, is something else, or OpenVINO refuses it."""
    content = read_cached(key) if key is not None else None
    if content is None:
        return None
    facts, _, network = content.partition(b"\n")
    try:
        said = json.loads(facts)
        card, precision, trimmed = card_from_json(said["card"]), said["precision"], said["trimmed"]
        compiled = core.import_model(network, "CPU", settings | precision_setting(precision))
    except (RuntimeError, ValueError, LookupError, TypeError, ModelError):  # OpenVINO's own reasons are the first
        return None
    return _Compiled(compiled, card, precision, trimmed)
