"""What a network is made of: one list of layers, from which every runtime's form of it is made.

A network is described once, as a tuple of layers in the order in which they run. Each layer reads `PICTURE`, or layers
before it by their names, and the last one makes the restored picture. The torch module, the OpenVINO graph and the ONNX
file are built from that list, and what a tile must know (how far a pixel sees, at which multiples it may begin) is
computed from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, prod
from typing import Final

PICTURE: Final = "picture"
"""The name of the network's input, (N, C, H, W) in [-1, 1]."""
KNOWN: Final = "known"
"""The name of what the network is told of the file, (N, K); networks that are told nothing have no such input."""
SLOPE: Final = 0.2
"""Of LeakyReLU."""
MOST_WEIGHTS: Final = 50_000_000
"""No network of ours has more; an unknown file with more would fill the memory."""


@dataclass(frozen=True)
class Conv:
    """A convolution, its activation, and a sum after it: activation(conv(source)) + skip."""

    name: str
    source: str
    maps: int
    kernel: int = 3
    """Its side. Odd kernels keep the size; an even one has as many pixels as its stride, and needs no padding."""
    stride: int = 1
    slope: float = 1.0
    """Of the activation below 0: 1 for none, 0 for ReLU, between them for LeakyReLU."""
    skip: str | None = None
    padding: str = "replicate"
    """What lies beyond the border: "replicate" or "zeros"."""
    gain: float = 1.0
    """The factor on the weights with which training begins (He et al. 2015)."""
    deviation: float | None = None
    """The standard deviation with which it begins instead."""
    floating: bool = False
    """Whether int8 leaves it in floating point, as it does in any case what reads the picture itself."""

    @property
    def border(self) -> int:
        """Pixels of padding at each side."""
        return self.kernel // 2 if self.kernel % 2 else 0


@dataclass(frozen=True)
class Concat:
    """Feature maps of several layers beside one another."""

    name: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Add:
    """The sum of two layers."""

    name: str
    source: str
    skip: str


@dataclass(frozen=True)
class Repeat:
    """Each value `factor` times in both directions: nearest-neighbour upsampling."""

    name: str
    source: str
    factor: int


@dataclass(frozen=True)
class Unshuffle:
    """Squares of `factor` x `factor` pixels into maps: (C, H, W) -> (C factor^2, H / factor, W / factor)."""

    name: str
    source: str
    factor: int


@dataclass(frozen=True)
class Shuffle:
    """The inverse of `Unshuffle`."""

    name: str
    source: str
    factor: int


@dataclass(frozen=True)
class Tanh:
    """The hyperbolic tangent."""

    name: str
    source: str


@dataclass(frozen=True)
class Dense:
    """A fully connected layer over vectors (N, K), with LeakyReLU."""

    name: str
    source: str
    size: int


@dataclass(frozen=True)
class Modulate:
    """Each map times 1 + a scale, plus a shift, both linear in a vector (Perez et al. 2018, FiLM)."""

    name: str
    source: str
    vector: str
    """The layer that makes the vector."""


Layer = Conv | Concat | Add | Repeat | Unshuffle | Shuffle | Tanh | Dense | Modulate


@dataclass(frozen=True)
class Shape:
    """How many maps a layer makes, and how many of its pixels lie along one pixel of the picture."""

    maps: int
    scale: Fraction


def sources(layer: Layer) -> tuple[str, ...]:
    """The names of what a layer reads."""
    match layer:
        case Concat():
            return layer.sources
        case Add():
            return layer.source, layer.skip
        case Modulate():
            return layer.source, layer.vector
        case Conv():
            return (layer.source,) if layer.skip is None else (layer.source, layer.skip)
        case _:
            return (layer.source,)


@dataclass(frozen=True)
class Description:
    """A whole network: its layers, how many channels its picture has, and the length of what it is told (0: nothing).

    ValueError where a layer reads what there is not, or what does not fit it, and for more than `MOST_WEIGHTS`.
    """

    layers: tuple[Layer, ...]
    channels: int
    known: int = 0

    def __post_init__(self) -> None:
        if self.parameters > MOST_WEIGHTS:
            raise ValueError(f"{self.parameters:,} weights, where {MOST_WEIGHTS:,} are the most")

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every layer, and of the inputs, by name; vectors have their length as maps and a scale of 0."""
        found = {PICTURE: Shape(self.channels, Fraction(1))}
        if self.known:
            found[KNOWN] = Shape(self.known, Fraction(0))
        for layer in self.layers:
            if layer.name in found:
                raise ValueError(f"two layers are named {layer.name}")
            missing = [name for name in sources(layer) if name not in found]
            if missing:
                raise ValueError(f"{layer.name} reads {missing[0]}, which is no layer before it")
            found[layer.name] = _shape(layer, found)
        return found

    def weights(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The name and the shape of every tensor of weights, in the order of the layers."""
        found = self.shapes
        for layer in self.layers:
            match layer:
                case Conv():
                    yield f"{layer.name}.weight", (layer.maps, found[layer.source].maps, layer.kernel, layer.kernel)
                    yield f"{layer.name}.bias", (layer.maps,)
                case Dense():
                    yield f"{layer.name}.weight", (layer.size, found[layer.source].maps)
                    yield f"{layer.name}.bias", (layer.size,)
                case Modulate():
                    size = 2 * found[layer.source].maps
                    yield f"{layer.name}.weight", (size, found[layer.vector].maps)
                    yield f"{layer.name}.bias", (size,)
                case _:
                    pass

    @cached_property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(prod(shape) for _, shape in self.weights())

    @cached_property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates for one pixel of a large picture."""
        found, convolutions = self.shapes, (layer for layer in self.layers if isinstance(layer, Conv))
        costs = (
            found[layer.source].maps * layer.maps * layer.kernel**2 * found[layer.name].scale ** 2
            for layer in convolutions
        )
        return int(sum(costs))

    @cached_property
    def multiple(self) -> int:
        """What the sides of a picture must be multiples of, and where a tile may begin: the coarsest layer's pixels."""
        return max(int(1 / shape.scale) for shape in self.shapes.values() if shape.scale)

    @cached_property
    def radius(self) -> int:
        """How far, in pixels, an output pixel may see, in the worst of its places on the coarsest grid."""
        return ceil(self.reaches[self.layers[-1].name])

    @cached_property
    def reaches(self) -> dict[str, Fraction]:
        """The same of every layer, by name: so far from a tile's edge its values may not be the whole picture's."""
        found = self.shapes
        reach: dict[str, Fraction] = {PICTURE: Fraction(0), KNOWN: Fraction(0)}
        for layer in self.layers:
            own, before = reach[sources(layer)[0]], found[sources(layer)[0]].scale
            match layer:
                case Conv():
                    own += (layer.border or layer.kernel - 1) / before
                    own = max(own, reach[layer.skip]) if layer.skip is not None else own
                case Unshuffle():
                    own += (layer.factor - 1) / before
                case Repeat() | Shuffle():
                    # A pixel may read what lay on the far side of the larger pixel that it was part of.
                    own += (layer.factor - 1) / (before * layer.factor)
                case Add() | Concat():
                    own = max(reach[name] for name in sources(layer))
                case _:
                    pass
            reach[layer.name] = own
        return reach

    @cached_property
    def maps(self) -> int:
        """How many maps its widest layer has, as if at full resolution, and those that wait meanwhile to be read later.

        Memory goes by it. The picture itself is not counted.
        """
        found, last = self.shapes, {name: n for n, layer in enumerate(self.layers) for name in sources(layer)}
        most = 0
        for place, layer in enumerate(self.layers):
            waiting = (
                each.name
                for each in self.layers[:place]
                if last.get(each.name, 0) > place and each.name not in sources(layer)
            )
            sizes = (found[name].maps * found[name].scale ** 2 for name in (layer.name, *waiting))
            most = max(most, ceil(sum(sizes)))
        return most


def _shape(layer: Layer, found: dict[str, Shape]) -> Shape:
    read = [found[name] for name in sources(layer)]
    maps, scale = read[0].maps, read[0].scale
    match layer:
        case Conv():
            maps, scale = layer.maps, scale / layer.stride
            if layer.skip is not None and found[layer.skip] != Shape(maps, scale):
                raise ValueError(f"{layer.name}: its sum is of different shapes")
        case Concat():
            maps = sum(each.maps for each in read)
        case Add():
            if read[0] != read[1]:
                raise ValueError(f"{layer.name}: its sum is of different shapes")
        case Repeat():
            scale *= layer.factor
        case Unshuffle():
            maps, scale = maps * layer.factor**2, scale / layer.factor
        case Shuffle():
            if maps % layer.factor**2:
                raise ValueError(f"{layer.name}: {maps} maps are no squares of {layer.factor}")
            maps, scale = maps // layer.factor**2, scale * layer.factor
        case Dense():
            maps = layer.size
        case Tanh() | Modulate():
            pass
    return Shape(maps, scale)
