"""A network as OpenVINO's graph, made of its description and its weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifix.engines.int8 import STEPS, Range, kernel_bounds, rounded_maps
from artifix.engines.trimming import cuts
from artifix.models.layers import (
    KNOWN,
    PICTURE,
    SLOPE,
    Add,
    Concat,
    Conv,
    Dense,
    Description,
    Layer,
    Modulate,
    Repeat,
    Shuffle,
    Tanh,
    Unshuffle,
    sources,
)

_END = 1 << 24  # past any side

Weights = Mapping[str, NDArray[np.float16]]


@dataclass(frozen=True)
class Graph:
    """An `openvino.Model`: its inputs are the picture, what is known where the network is told, and `inside`.

    The picture is (1, C, H, W), what is known (1, K). `inside`, which only trimmed networks have, is (top, left,
    bottom, right), int64: 1 where the picture continues at that side of the tile. The output is `trim` pixels smaller
    there.
    """

    model: Any
    trim: int = 0


def build(
    description: Description,
    weights: Weights,
    ranges: Mapping[str, Range] | None = None,
    *,
    trimmed: bool = False,
    observed: Iterable[str] = (),
) -> Graph:
    """The graph of a network; with `ranges` in int8 (ModelError if they are of another), `trimmed` as in `trimming`.

    The layers `observed` are further outputs, in their order.
    """
    import openvino
    import openvino.opset13 as ops

    making = _Making(
        description,
        weights,
        {} if ranges is None else rounded_maps(description, ranges),
        set() if ranges is None else set(ranges),
        cuts(description) if trimmed else {},
    )
    inputs = [ops.parameter([1, description.channels, -1, -1], np.float32, name=PICTURE)]
    making.made[PICTURE] = _Maps(inputs[0].output(0))
    if description.known:
        inputs.append(ops.parameter([1, description.known], np.float32, name=KNOWN))
        making.made[KNOWN] = _Maps(inputs[1].output(0))
    if making.cuts:
        inputs.append(making.inside)
    for layer in description.layers:
        making.add(layer)
    last = making.made[description.layers[-1].name]
    outputs = [last.values, *(making.made[name].values for name in observed)]
    return Graph(openvino.Model(outputs, inputs), last.lost)


def rounded(values: Any, low: Any, high: Any, levels: int) -> Any:
    """A graph's values, rounded to one of so many levels between two bounds; OpenVINO then computes in bytes."""
    import openvino.opset13 as ops

    bounds = [ops.constant(np.asarray(bound, np.float32)) for bound in (low, high)]
    return ops.fake_quantize(values, *bounds, *bounds, levels).output(0)


@dataclass(frozen=True)
class _Maps:
    """What a layer made: an output in the graph, and the pixels that it lost at each side that is inside."""

    values: Any
    lost: int = 0


@dataclass
class _Making:
    """A graph in the making; `rounds` are the maps to round, `bytes` the convolutions that then compute in bytes."""

    description: Description
    weights: Weights
    rounds: Mapping[str, Range]
    bytes: set[str]
    cuts: Mapping[str, int]
    made: dict[str, _Maps] = field(default_factory=dict)

    def __post_init__(self) -> None:
        import openvino.opset13 as ops

        self.ops = ops
        self.inside = ops.parameter([4], np.int64, name="inside")

    def add(self, layer: Layer) -> None:
        """A layer, its maps rounded and cut where they are to be."""
        read = {name: self.made[name] for name in sources(layer)}
        lost = max(maps.lost for maps in read.values())
        read = {name: self._cut(name, maps, lost) for name, maps in read.items()}
        made = _Maps(self._output(layer, {name: maps.values for name, maps in read.items()}), lost)
        if layer.name in self.rounds:
            made = _Maps(rounded(made.values, *self.rounds[layer.name], STEPS + 1), lost)
        self.made[layer.name] = self._cut(layer.name, made, self.cuts.get(layer.name, 0))

    def _output(self, layer: Layer, read: Mapping[str, Any]) -> Any:
        ops = self.ops
        maps = read[sources(layer)[0]]
        match layer:
            case Conv():
                node = self._convolved(layer, maps)
                if layer.slope != 1:
                    node = self._activated(node, layer.slope)
                node = node if layer.skip is None else ops.add(read[layer.skip], node)
            case Concat():
                node = ops.concat([read[name] for name in layer.sources], 1)
            case Add():
                node = ops.add(maps, read[layer.skip])
            case Repeat():
                scales, axes = ops.constant(np.array([layer.factor] * 2, np.float32)), ops.constant([2, 3])
                how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                node = ops.interpolate(maps, scales, "nearest", "scales", axes=axes, **how)
            case Unshuffle():
                node = ops.space_to_depth(maps, "depth_first", layer.factor)
            case Shuffle():
                node = ops.depth_to_space(maps, "depth_first", layer.factor)
            case Tanh():
                node = ops.tanh(maps)
            case Dense():
                node = self._activated(self._linear(layer.name, maps), SLOPE)
            case Modulate():
                linear = self._linear(layer.name, read[layer.vector])
                columns = ops.reshape(linear, [1, -1, 1, 1], special_zero=False)
                scale, shift = ops.split(columns, 1, 2).outputs()
                one = ops.constant(np.float32(1))
                node = ops.add(ops.multiply(maps, ops.add(scale, one)), shift)
        node.set_friendly_name(layer.name)
        return node.output(0)

    def _convolved(self, layer: Conv, maps: Any) -> Any:
        ops, border = self.ops, layer.border
        pads = [0, 0] if layer.padding == "replicate" else [border, border]
        if border and layer.padding == "replicate":
            width = ops.constant([0, 0, border, border])
            maps = ops.pad(maps, width, width, "edge").output(0)
        kernels = self._weight(layer.name, "weight")
        filters = ops.constant(kernels)
        if layer.name in self.bytes:
            bound = kernel_bounds(kernels)
            filters = rounded(filters, -bound, bound, STEPS)
        strides = [layer.stride, layer.stride]
        bias = self._weight(layer.name, "bias").reshape(1, -1, 1, 1)
        return ops.add(ops.convolution(maps, filters, strides, pads, pads, [1, 1]), ops.constant(bias))

    def _activated(self, values: Any, slope: float) -> Any:
        return (
            self.ops.prelu(values, self.ops.constant(np.array([slope], np.float32))) if slope else self.ops.relu(values)
        )

    def _linear(self, name: str, vector: Any) -> Any:
        ops = self.ops
        product = ops.matmul(vector, ops.constant(self._weight(name, "weight")), False, True)
        return ops.add(product, ops.constant(self._weight(name, "bias")[None]))

    def _weight(self, name: str, kind: str) -> NDArray[np.float32]:
        return self.weights[f"{name}.{kind}"].astype(np.float32)

    def _cut(self, name: str, maps: _Maps, lost: int) -> _Maps:
        """The maps with so many pixels lost, at each side that is inside."""
        scale = self.description.shapes[name].scale
        if lost <= maps.lost or not scale:  # vectors have no sides
            return maps
        ops = self.ops
        width = int((lost - maps.lost) * scale)
        begins, ends = (ops.gather(self.inside, ops.constant(pair), ops.constant(0)) for pair in ([0, 1], [2, 3]))
        begin = ops.multiply(begins, ops.constant(np.int64(width)))
        end = ops.add(ops.multiply(ends, ops.constant(np.int64(-width - _END))), ops.constant(np.int64(_END)))
        kept = ops.slice(maps.values, begin, end, ops.constant([1, 1]), ops.constant([2, 3]))
        return _Maps(kept.output(0), lost)
