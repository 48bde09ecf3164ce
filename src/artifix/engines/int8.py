"""A network in whole numbers of eight bits: which of its layers are rounded, and to what.

Weights are rounded map by map, symmetrically; what goes into a convolution by one range a layer, measured beforehand
and kept in the model's card. So a model ships once, and its floating weights become int8 when it is loaded. What reads
the picture itself stays floating, as do the sum with it and the tanh at the end: rounding those costs decibels.

Where the sum of a residual block goes into a layer, it is rounded for the block's own shortcut, too: OpenVINO then
does that sum inside a convolution, a fifth less time in all. But each block then rounds what the one before it rounded,
which small networks must have learned with (`train.rounding`).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError
from artifix.models.layers import PICTURE, Conv, Description, Layer, Repeat, Shuffle, Unshuffle

Range = tuple[float, float]

STEPS: Final = 255  # between the 256 values of a byte
# Weights take half of a byte's values. Processors without VNNI or AMX add two products of bytes in 16 bits, where the
# others would overflow; the coarser steps cost some thousandths of a decibel.
KERNEL_SPARE: Final = 2
NARROWEST: Final = 1e-6  # a range of a layer that is always 0


def rounded_layers(description: Description) -> dict[str, str]:
    """The convolutions that int8 rounds, by name, and the name of the layer whose maps are rounded for it.

    All but those marked as floating, and those that read the picture, shuffled or not. Maps are rounded before they
    are repeated, which is cheaper done with bytes.
    """
    layers = {layer.name: layer for layer in description.layers}
    return {
        layer.name: _before(layer.source, layers, Repeat)
        for layer in description.layers
        if isinstance(layer, Conv)
        and not layer.floating
        and _before(layer.source, layers, Shuffle | Unshuffle | Repeat) != PICTURE
    }


def rounded_maps(description: Description, ranges: Mapping[str, Range]) -> dict[str, Range]:
    """The layers whose maps are rounded, by name, with the range for each; ModelError if the ranges are of others."""
    layers = rounded_layers(description)
    if not ranges:
        raise ModelError("its card has no ranges for int8; `artifix quantise` measures them")
    if layers.keys() != ranges.keys():
        raise ModelError("its network does not fit the ranges in its card")
    found: dict[str, Range] = {}
    for name, maps in layers.items():
        found.setdefault(maps, with_zero(*ranges[name]))  # where two layers share an input, the first one's
    return found


def kernel_bounds(kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest magnitude that each of the kernels' output maps is rounded for, (maps, 1, 1, 1)."""
    largest = np.maximum(np.abs(kernels).max(axis=(1, 2, 3), keepdims=True), np.float32(NARROWEST))
    return (KERNEL_SPARE * largest).astype(np.float32)


def with_zero(low: float, high: float) -> Range:
    """The range, moved a little so that one of its values is 0, as kernels of bytes and borders of zeros want it."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = max(high - low, NARROWEST) / STEPS
    zero = round(-low / step)
    return -zero * step, (STEPS - zero) * step


def _before(name: str, layers: Mapping[str, Layer], kinds: type | object) -> str:
    """The name of what layers of these kinds were made from."""
    while name in layers and isinstance(layers[name], kinds):  # type: ignore[arg-type]
        name = layers[name].source  # type: ignore[union-attr]
    return name
