"""The intervals that a JPEG's coefficients stand for, and how far a picture's own lie outside of them.

A coefficient k of step Q says that the original's lay in (k - 1/2) Q .. (k + 1/2) Q.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.dct import dct_matrix
from artifix.jpeg.coefficients import BLOCK, Component
from artifix.jpeg.share import limits_for, trust_in

Samples = NDArray[np.float32]

STRICT: Final = 0.5
"""The share of a step, to each side of its middle, in which the original lay for certain."""

_DCT: Final = dct_matrix(BLOCK)
_CENTRE: Final = 128 * BLOCK  # samples are coded less 128, which is so much of the lowest frequency


def bring_well_inside(
    plane: Samples, quantised: NDArray[np.int16], tiles: NDArray[np.bool_], component: Component
) -> None:
    """Bring pieces (N, H, W) of a plane of the picture's full resolution to where they most likely should be, in place.

    That is inside of the intervals, by the share and the trust that experience has (`share`), and in the middle of them
    where a block is one of the `tiles` (N, R, C).
    """
    if component.is_blank:  # a grey picture's chroma, of which no network may make colour
        plane[...] = 128
        return
    samples = sampled(plane, component)
    found, room = _offsets(samples, quantised, component)
    strict = (STRICT * component.table).astype(np.float32)[:, None]
    np.clip(found, -strict, strict, out=room)
    np.subtract(found, room, out=room)
    outside = _mean_square(room, room)
    change = _mean_square(found, room)
    limits = limits_for(quantised.reshape(found.shape), component.table)
    np.clip(found, -limits, limits, out=room)
    trust = trust_in(change, outside)
    trust[tiles[:, :, None, :, None]] = 0
    room *= trust
    found -= room
    _cells(plane, component)[...] -= samples_of(found.reshape(samples.shape))[:, :, None, :, None]


def bring_inside(
    plane: Samples, quantised: NDArray[np.int16], component: Component, limits: NDArray[np.float32]
) -> None:
    """Bring pieces (N, H, W) of a plane of the picture's full resolution into their intervals, in place.

    By the least change in the mean square. The rest is as in `excess`.
    """
    change = samples_of(excess(sampled(plane, component), quantised, component, limits))
    _cells(plane, component)[...] -= change[:, :, None, :, None]


def sampled(plane: Samples, component: Component) -> Samples:
    """The samples (N, h, w) that libjpeg makes of such pieces: the means of the pixels that each covers."""
    if component.down == component.across == 1:
        return np.ascontiguousarray(plane)
    down, across = component.down, component.across
    total = np.zeros_like(plane[:, ::down, ::across], order="C")
    for row, column in np.ndindex(down, across):  # a reduction over so few would be slower
        total += plane[:, row::down, column::across]
    total /= np.float32(down * across)
    return total


def excess(
    samples: Samples, quantised: NDArray[np.int16], component: Component, limits: NDArray[np.float32]
) -> Samples:
    """By how much each coefficient of samples lies outside of the interval about its middle; 0 where inside.

    Samples are (N, H, W) in 0..255, H and W multiples of 8; `quantised` has their shape. `limits` are half the widths
    of the intervals in the units of an orthonormal DCT, (8, 8) for all blocks, or of the samples' shape.
    """
    found, middles = _offsets(samples, quantised, component)
    limits = limits[:, None] if limits.ndim == 2 else limits.reshape(found.shape)
    np.clip(found, -limits, limits, out=middles)
    found -= middles
    return found.reshape(samples.shape)


def coefficients_in_steps(samples: Samples, quantised: NDArray[np.int16], component: Component) -> Samples:
    """How far each coefficient of samples lies from the middle of its interval, in steps: (N, 8, 8), block by block.

    Otherwise as `excess`; the strict interval is -0.5..0.5.
    """
    offsets = _offsets(samples, quantised, component)[0].swapaxes(2, 3)
    in_steps: Samples = np.divide(offsets.reshape(-1, BLOCK, BLOCK), component.table, dtype=np.float32)
    return in_steps


def samples_of(coefficients: Samples) -> Samples:
    """The samples (N, H, W) that coefficients of that shape make: the inverse of the DCT, of their differences."""
    count, height, width = coefficients.shape
    rows = (coefficients.reshape(-1, BLOCK) @ _DCT).reshape(count, height // BLOCK, BLOCK, width)
    return (_DCT.T @ rows).reshape(count, height, width)


def decoded(quantised: NDArray[np.int16], component: Component) -> Samples:
    """The samples (N, H, W) of coefficients of that shape, neither rounded nor clipped."""
    count, height, width = quantised.shape
    blocks = quantised.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK) * component.table[:, None]
    return samples_of(blocks.astype(np.float32).reshape(count, height, width)) + np.float32(128)


def _offsets(samples: Samples, quantised: NDArray[np.int16], component: Component) -> tuple[Samples, Samples]:
    """The coefficients less the middles of their intervals, (N, H / 8, 8, W / 8, 8), and room of that shape."""
    count, height, width = samples.shape
    found = _forward(samples).reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    middles = (quantised.reshape(found.shape) * component.table[:, None]).astype(np.float32)
    middles[..., 0, :, 0] += _CENTRE
    found -= middles
    return found, middles


def _mean_square(blocks: Samples, room: Samples) -> Samples:
    """The mean square of each block, (N, R, 1, C, 1), of blocks (N, R, 8, C, 8), and room of that shape."""
    mean: Samples = np.square(blocks, out=room).mean(axis=2, keepdims=True).mean(axis=4, keepdims=True)
    return mean


def _cells(plane: Samples, component: Component) -> Samples:
    """A view of a plane (N, H, W) in which axes 2 and 4 are the pixels of one sample."""
    count, height, width = plane.shape
    down, across = component.down, component.across
    return plane.reshape(count, height // down, down, width // across, across)


def _forward(samples: Samples) -> Samples:
    count, height, width = samples.shape
    columns = _DCT @ samples.reshape(count, height // BLOCK, BLOCK, width)
    return np.matmul(columns.reshape(-1, BLOCK), _DCT.T, dtype=np.float32)
