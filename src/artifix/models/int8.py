"""A network in whole numbers of eight bits: where OpenVINO's graph of it is to round, and to what.

Weights are rounded map by map, symmetrically; what goes into a convolution by one range a layer, measured beforehand
and kept in the model's card. So a model ships once, and its floating weights become int8 when it is loaded. What reads
the picture itself stays floating, as do the sum with it and the tanh at the end: rounding those costs decibels.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from artifix.errors import ModelError

STEPS: Final = 255  # between the 256 values of a byte
# Weights take half of a byte's values. Processors without VNNI or AMX add two products of bytes in 16 bits, where the
# others would overflow; the coarser steps cost some thousandths of a decibel.
KERNEL_SPARE: Final = 2
NARROWEST: Final = 1e-6  # a range of a layer that is always 0
_PASSED_ON: Final = ("Pad", "Interpolate")  # they repeat values, which is cheaper done with bytes


def observe(graph: Any) -> list[str]:
    """Give the graph further outputs, what goes into each layer that int8 would round; the names, in order."""
    layers = _layers(graph)
    graph.add_outputs([_rounded_input(convolution).get_source_output() for convolution in layers.values()])
    return list(layers)


def quantise(graph: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Round the graph in place, each layer's input within its range; ModelError if these are not its layers.

    OpenVINO makes convolutions of bytes of it. Where the sum of a residual block goes into a layer, it is rounded
    for the block's own shortcut, too: that sum then happens inside a convolution, a fifth less time in all. But each
    block then rounds what the one before it rounded, which small networks must have learned with (`train.rounding`).
    """
    import openvino.opset13 as ops

    layers = _layers(graph)
    if not ranges:
        raise ModelError("its card has no ranges for int8; `artifix quantise` measures them")
    if layers.keys() != ranges.keys():
        raise ModelError("its network does not fit the ranges in its card")

    for name, convolution in layers.items():
        source = _rounded_input(convolution).get_source_output()
        if source.get_node().get_type_name() != "FakeQuantize":  # as it is where two layers share an input
            readers = [place for place in source.get_target_inputs() if place.get_node().get_type_name() != "ShapeOf"]
            maps = rounded(source, *with_zero(*ranges[name]), STEPS + 1)
            for reader in readers:
                reader.replace_source_output(maps)
        kernels = _constant(convolution).data.astype(np.float32)
        largest = np.maximum(np.abs(kernels).max(axis=(1, 2, 3), keepdims=True), NARROWEST)
        weights = rounded(ops.constant(kernels), -KERNEL_SPARE * largest, KERNEL_SPARE * largest, STEPS)
        convolution.input(1).replace_source_output(weights)
    graph.validate_nodes_and_infer_types()


def rounded(values: Any, low: Any, high: Any, levels: int) -> Any:
    """A graph's values, rounded to one of so many levels between two bounds; OpenVINO then computes in bytes."""
    import openvino.opset13 as ops

    bounds = [ops.constant(np.asarray(bound, np.float32)) for bound in (low, high)]
    return ops.fake_quantize(values, *bounds, *bounds, levels).output(0)


def _layers(graph: Any) -> dict[str, Any]:
    """The convolutions by the names of their weights, but for those that read the picture itself."""
    found = {}
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "Convolution" and _reads_maps(node):
            found[_constant(node).get_friendly_name().removesuffix(".weight")] = node
    return found


def _reads_maps(convolution: Any) -> bool:
    return _rounded_input(convolution).get_source_output().get_node().get_type_name() != "Parameter"


def _rounded_input(convolution: Any) -> Any:
    """The input at which the maps are rounded: the convolution's own, or that of what only repeats values before it."""
    place = convolution.input(0)
    while place.get_source_output().get_node().get_type_name() in _PASSED_ON:
        place = place.get_source_output().get_node().input(0)
    return place


def _constant(convolution: Any) -> Any:
    node = convolution.input_value(1).get_node()
    while node.get_type_name() != "Constant":  # the cast of half precision
        node = node.input_value(0).get_node()
    return node


def with_zero(low: float, high: float) -> tuple[float, float]:
    """The range, moved a little so that one of its values is 0, as kernels of bytes want it."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = max(high - low, NARROWEST) / STEPS
    zero = round(-low / step)
    return -zero * step, (STEPS - zero) * step
