"""The most that the machine does, by the library that restoring uses: plain products and plain convolutions."""

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from artifix.engines.core import HINTS, openvino_core, precision_setting
from artifix.engines.openvino_graph import rounded
from artifix.errors import ModelError

Kind = Literal["product", "convolution"]

KINDS: Final[tuple[Kind, ...]] = ("product", "convolution")
PRECISIONS: Final = ("fp32", "bf16", "int8")

# So many in a row, each behind a ReLU, that what goes in and comes out in float32 costs next to nothing.
_DEPTH: Final = {"product": 4, "convolution": 8}
_SIDE: Final = {"product": 2048, "convolution": 256}
_MAPS: Final = 64
_KERNEL: Final = 3
_LARGEST: Final = 4.0  # that int8 covers of each layer's input: values start within 0..1 and stay about as large
_LEVELS: Final = 256


def load_limit(kind: Kind, precision: str, threads: int) -> tuple[Callable[[], Any], float]:
    """What runs the arithmetic once, and how many operations that is, a multiply-accumulate being two.

    `product`: matrices of 2048x2048; `convolution`: 3x3, 64 to 64 maps of 256x256. `precision` is fp32, bf16 or int8.
    ModelError if the processor has no such arithmetic.
    """
    import openvino
    import openvino.opset13 as ops

    random = np.random.default_rng(0)
    side = _SIDE[kind]
    shape = [side, side] if kind == "product" else [1, _MAPS, side, side]
    kernel = [side, side] if kind == "product" else [_MAPS, _MAPS, _KERNEL, _KERNEL]
    fan_in = int(np.prod(kernel[1:]))

    values = parameter = ops.parameter(shape, np.float32)
    for _ in range(_DEPTH[kind]):
        drawn = random.normal(0, np.sqrt(2 / fan_in), kernel).astype(np.float32)
        weights = ops.constant(drawn)
        if precision == "int8":
            values = rounded(values, 0, _LARGEST, _LEVELS)
            weights = rounded(weights, -np.abs(drawn).max(), np.abs(drawn).max(), _LEVELS - 1)
        if kind == "product":
            values = ops.matmul(values, weights, False, True)
        else:
            values = ops.convolution(values, weights, [1, 1], [1, 1], [1, 1], [1, 1])
        values = ops.relu(values)
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, **precision_setting(precision)}
    compiled = openvino_core().compile_model(openvino.Model([values], [parameter]), "CPU", settings)
    if precision in HINTS and compiled.get_property("INFERENCE_PRECISION_HINT").to_string() != HINTS[precision]:
        raise ModelError(f"this processor has no {precision}")
    request = compiled.create_infer_request()
    given = random.uniform(0, 1, shape).astype(np.float32)
    operations = 2.0 * _DEPTH[kind] * float(np.prod(shape)) * fan_in
    return lambda: request.infer([given], share_inputs=True), operations
