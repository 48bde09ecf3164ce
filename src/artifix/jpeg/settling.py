"""Pieces of a picture of which more is known than the box: by projections in turns into a point of all that is known.

Colours lie within 0..255: what lies beyond is cut off when it is written, and so leaves the box again. And where a
JPEG's blocks reach over the picture's edge, they hold what the encoder put there: libjpeg repeats the last pixels, or
the last row of samples.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.jpeg.coefficients import BLOCK, Component, JpegCoefficients, Space
from artifix.jpeg.intervals import STRICT, Samples, bring_inside, decoded, excess, sampled

Units = NDArray[np.float32]

CLOSE: Final = 0.25
"""How far from a set that it should lie in, in 0..255, a pixel may be left: half of what rounding costs."""

# Turns for one unit, and for all of them together: nearly all are settled after a few, noise in black and white is not.
_TURNS: Final = 200
_WORK: Final = 10_000
_PADDING_TURNS: Final = 40
# A picture that is further from the intervals, in the units of the DCT, at an edge was padded in another way.
_FEASIBLE: Final = 4.0


def settled(
    units: Units,
    quantised: Sequence[NDArray[np.int16]],
    coefficients: JpegCoefficients,
    visible: NDArray[np.int64],
) -> Units:
    """Units (N, H, W, C) of a picture, inside their intervals and within the colours, the edges padded as libjpeg does.

    `quantised` are the coefficients of each component's (N, h, w) samples. `visible` (2, N) are the rows and the
    columns of each unit that are in the picture. Where an edge was padded otherwise, its unit keeps to the intervals.
    """
    components = coefficients.components
    limits = [_limits(component, part.shape, visible) for component, part in zip(components, quantised, strict=True)]

    def bound(values: Units, chosen: NDArray[np.intp]) -> None:
        for number, component in enumerate(components):
            bring_inside(values[..., number], quantised[number][chosen], component, limits[number][chosen])

    result = units.copy()
    todo = np.arange(len(units))
    work = _WORK + 10 * len(units)
    for _ in range(_TURNS):
        found = result[todo]
        wanted = _padded(_within(found, coefficients.space), visible[:, todo], components)
        far = np.abs(wanted - found).max(axis=(1, 2, 3)) > CLOSE
        todo, wanted = todo[far], wanted[far]
        work -= len(todo)
        if not len(todo) or work < 0:
            break
        bound(wanted, todo)
        result[todo] = wanted

    at_edge = np.nonzero((visible < np.array([units.shape[1:3]]).T).any(axis=0))[0]
    padded = _padded(result[at_edge], visible[:, at_edge], components)
    other = at_edge[_outside(padded, at_edge, quantised, components, limits) > _FEASIBLE]
    if len(other):
        values = units[other]
        hidden = _hidden(values.shape, visible[:, other])
        for number, component in enumerate(components):
            values[..., number][hidden] = _full(decoded(quantised[number][other], component), component)[hidden]
        bound(values, other)
        result[other] = values
    return result


def freely_padded(
    units: Units,
    quantised: Sequence[NDArray[np.int16]],
    coefficients: JpegCoefficients,
    visible: NDArray[np.int64],
) -> Units:
    """Units as in `settled`, their visible pixels unchanged, padded so that they fit the intervals best."""
    components = coefficients.components
    limits = [_limits(component, part.shape, visible) for component, part in zip(components, quantised, strict=True)]
    hidden = _hidden(units.shape, visible)
    padded = units.copy()
    for turn in range(_PADDING_TURNS):
        for number, component in enumerate(components):
            plane = padded[..., number]
            pads = plane if turn else _full(decoded(quantised[number], component), component)
            plane[...] = np.where(hidden, pads, units[..., number])
            if turn < _PADDING_TURNS - 1:
                bring_inside(plane, quantised[number], component, limits[number])
    return padded


def in_units(values: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """A view (R, C, rows, columns, ...) of an array (R * rows, C * columns, ...)."""
    height, width = values.shape[:2]
    return values.reshape(height // rows, rows, width // columns, columns, *values.shape[2:]).swapaxes(1, 2)


def beyond(values: NDArray[np.float32], space: Space) -> NDArray[np.float32]:
    """How far the colours (..., C) of a picture lie beyond 0..255: what is cut off of them, at most."""
    colours = ycbcr_to_rgb(values) if space == "YCbCr" else values
    most = np.abs(colours[..., 0] - np.float32(127.5))
    for number in range(1, colours.shape[-1]):  # a reduction over three would be slower
        np.maximum(most, np.abs(colours[..., number] - np.float32(127.5)), out=most)
    most -= np.float32(127.5)
    return most


def _within(units: Units, space: Space) -> Units:
    if space == "YCbCr":
        return rgb_to_ycbcr(ycbcr_to_rgb(units).clip(0, 255))
    return units.clip(0, 255)


def _padded(units: Units, visible: NDArray[np.int64], components: Sequence[Component]) -> Units:
    """The nearest units that are padded beyond the picture as libjpeg does it; in place.

    Columns repeat the last one. Rows do, too, up to a whole row of samples, and then the last row of samples.
    """
    for axis, seen in enumerate(visible):
        for count in set(seen[seen < units.shape[axis + 1]].tolist()):
            chosen = seen == count
            part = units[chosen]
            for number, component in enumerate(components):
                lines = np.moveaxis(part[..., number], axis + 1, -1)
                step = component.across if axis else component.down
                end = -(-count // (BLOCK * step)) * BLOCK * step  # beyond, no block says anything
                if axis == 0 and count % step == 0:
                    _repeat_sample(lines, count - step, end, step)
                else:
                    lines[..., count - 1 :] = lines[..., count - 1 : end].mean(axis=-1, keepdims=True)
            units[chosen] = part
    return units


def _repeat_sample(lines: NDArray[np.float32], start: int, end: int, step: int) -> None:
    """Move lines (..., L) as little as makes the mean of each `step` values from `start` the same, in place."""
    means = lines[..., start:end].reshape(*lines.shape[:-1], -1, step).mean(axis=-1)
    mean = means.mean(axis=-1, keepdims=True)
    lines[..., start:end] += (mean - means).repeat(step, axis=-1)
    lines[..., end:] = mean


def _limits(component: Component, shape: tuple[int, ...], visible: NDArray[np.int64]) -> NDArray[np.float32]:
    """Half the widths of the intervals (N, h, w); without end where a unit has no block, all of it lying beyond."""
    strict = np.tile((STRICT * component.table).astype(np.float32), (shape[1] // BLOCK, shape[2] // BLOCK))
    limits = np.repeat(strict[None], shape[0], axis=0)
    for axis, (seen, step) in enumerate(zip(visible, (component.down, component.across), strict=True)):
        blocks = -(-seen // (BLOCK * step)) * BLOCK
        place = np.arange(shape[axis + 1]) >= blocks[:, None]
        limits[np.broadcast_to(place[:, :, None] if axis == 0 else place[:, None], limits.shape)] = np.inf
    return limits


def _outside(
    units: Units,
    chosen: NDArray[np.intp],
    quantised: Sequence[NDArray[np.int16]],
    components: Sequence[Component],
    limits: Sequence[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """How far the farthest coefficient of each of the chosen units lies outside of its interval."""
    farthest = np.zeros(len(chosen), np.float32)
    for number, component in enumerate(components):
        samples = sampled(units[..., number], component)
        found = excess(samples, quantised[number][chosen], component, limits[number][chosen])
        np.maximum(farthest, np.abs(found).max(axis=(1, 2), initial=0), out=farthest)
    return farthest


def _hidden(shape: tuple[int, ...], visible: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pixels (N, H, W) of units lie beyond the picture."""
    rows, columns = (seen[:, None, None] for seen in visible)
    return (np.arange(shape[1])[:, None] >= rows) | (np.arange(shape[2]) >= columns)


def _full(samples: Samples, component: Component) -> Samples:
    """Samples (N, h, w) repeated to the picture's full resolution."""
    return samples.repeat(component.down, axis=1).repeat(component.across, axis=2)
