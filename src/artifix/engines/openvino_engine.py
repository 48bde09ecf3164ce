"""OpenVINO as an engine: compiles a model for this processor, in the arithmetic that is quickest, and keeps it."""

import hashlib
import inspect
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.engines.cache import read_cached, write_cached
from artifix.engines.core import openvino_core, precision_setting
from artifix.engines.int8 import rounded_maps
from artifix.engines.openvino_graph import build
from artifix.engines.run import WHOLE, Batch, Inside, Loaded, Run, Vector
from artifix.engines.trimming import cuts
from artifix.models.layers import Description
from artifix.models.model import Model

_CACHED_KERNELS: Final = 256  # for layers and shapes of pictures; of its own 5,000, OpenVINO lets go too late
_TRIAL: Final = 128  # pixels to a side of the tile that int8 is tried on
_TRIALS: Final = 3
_PRECISION_NAMES: Final = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}  # as OpenVINO says them


def load(model: Model, precision: str, threads: int | None) -> Loaded:
    """A network ready to run, compiled now or read from the cache; `auto` is the fastest precision."""
    core = openvino_core()
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "CPU_RUNTIME_CACHE_CAPACITY": _CACHED_KERNELS}
    if threads is not None:
        # Pinned, the threads of several processes would all be on the machine's first cores.
        settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    key = _key(core, model, precision)
    network = _kept(core, key, model, settings)
    if network is None:
        network = _compile(core, model, precision, settings)
        _keep(key, network)
    return Loaded(network.runner(), network.precision, network.trim)


@dataclass(frozen=True)
class _Compiled:
    """A network that OpenVINO compiled for this processor; its tiles lose `trim` pixels, as `Graph` has it."""

    compiled: Any
    description: Description
    precision: str
    trim: int

    def runner(self) -> Run:
        request, trimmed, told = self.compiled.create_infer_request(), bool(self.trim), bool(self.description.known)

        def run(batch: Batch, inside: Inside, known: Vector) -> Batch:
            inputs = [batch, *([known] if told else []), *([np.array(inside, np.int64)] if trimmed else [])]
            restored: Batch = request.infer(inputs, share_inputs=True)[0]
            return restored

        return run


def _compile(core: Any, model: Model, precision: str, settings: dict[str, Any]) -> _Compiled:
    """A model, compiled; `auto` is `int8` or `float`, whichever runs faster, `float` the best floating type."""
    if precision == "auto":
        if not model.card.ranges:
            return _compile(core, model, "float", settings)
        return _fastest([_compile(core, model, each, settings) for each in ("float", "int8")])
    ranges = model.card.ranges if precision == "int8" else None
    graph = build(model.description, model.weights, ranges, trimmed=True)
    compiled = core.compile_model(graph.model, "CPU", settings | precision_setting(precision))
    floating = _PRECISION_NAMES[compiled.get_property("INFERENCE_PRECISION_HINT").to_string()]
    return _Compiled(compiled, model.description, "int8" if precision == "int8" else floating, graph.trim)


def _fastest(networks: list[_Compiled]) -> _Compiled:
    """The one that takes the least processor time for a small tile, by the best of several runs."""
    described = networks[0].description
    side = max(described.multiple, _TRIAL // described.multiple * described.multiple)
    tile = np.zeros((1, described.channels, side, side), np.float32)
    known = np.zeros((1, described.known), np.float32)
    runs, times = [network.runner() for network in networks], np.empty((_TRIALS, len(networks)))
    for turn in times:
        for number, run in enumerate(runs):
            began = time.process_time()
            run(tile, WHOLE, known)
            turn[number] = time.process_time() - began
    return networks[int(times.min(axis=0).argmin())]


def _key(core: Any, model: Model, precision: str) -> str | None:
    """What a compiled network is kept under; None where none is."""
    import openvino

    processor = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    makers = (build, cuts, rounded_maps, precision_setting, load)
    try:  # a change of the code that changes the network must find nothing kept
        code = [Path(inspect.getfile(maker)).read_bytes() for maker in makers]
    except OSError:  # installed without its sources
        return None
    described = hashlib.sha256(repr((model.description, code)).encode()).hexdigest()
    return f"{openvino.get_version()} {processor} {described} {model.fingerprint} {precision}"


def _keep(key: str | None, network: _Compiled) -> None:
    if key is not None:
        exported = io.BytesIO()  # what export_model() returns depends on OpenVINO's version
        network.compiled.export_model(exported)
        facts = {"precision": network.precision, "trim": network.trim}
        write_cached(key, json.dumps(facts).encode() + b"\n" + exported.getvalue())


def _kept(core: Any, key: str | None, model: Model, settings: dict[str, Any]) -> _Compiled | None:
    """The network as it was kept; None if it was not, is something else, or OpenVINO refuses it."""
    content = read_cached(key) if key is not None else None
    if content is None:
        return None
    facts, _, network = content.partition(b"\n")
    try:
        said = json.loads(facts)
        precision, trim = said["precision"], said["trim"]
        compiled = core.import_model(network, "CPU", settings | precision_setting(precision))
    except (RuntimeError, ValueError, LookupError, TypeError):  # OpenVINO's own reasons are the first
        return None
    return _Compiled(compiled, model.description, precision, trim)
