"""Keep the colours under transparent pixels, which nobody is meant to see, from bleeding into those that show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifix.image.picture import Pixels, bands

Planes = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fill_hidden(pixels: Pixels, visible: Mask) -> Pixels:
    """The pixels, (H, W) or (H, W, C), every one that is not `visible` (H, W) taken over from near ones, smoothly.

    Push and pull over a pyramid: halve, averaging visible pixels alone, until none is hidden; then fill on the way
    back from the coarser picture. Beside the result that takes a third of the picture's pixels as float32.
    """
    if visible.all() or not visible.any():
        return pixels
    filled = pixels.copy()
    shaped = filled.reshape(*visible.shape, -1)
    _fill(shaped, visible)
    return filled


def _fill(pixels: NDArray[Any], visible: Mask) -> None:
    """Fill the hidden pixels of (H, W, C), of any type, in place."""
    height, width = visible.shape
    coarse, covered = _halved(pixels, visible)
    if not covered.all():
        _fill(coarse, covered)
    for rows in bands(height, width):
        finer = coarse[rows.start // 2 : -(-rows.stop // 2)].repeat(2, axis=0)[rows.start % 2 :]
        finer = finer[: rows.stop - rows.start].repeat(2, axis=1)[:, :width]
        if pixels.dtype != np.float32:
            finer = np.rint(finer)
        np.copyto(pixels[rows], finer, casting="unsafe", where=~visible[rows, :, None])


def _halved(pixels: NDArray[Any], visible: Mask) -> tuple[Planes, Mask]:
    """The mean of the visible pixels in each 2x2, and where there is one; an odd last row or column stands alone."""
    height, width, channels = pixels.shape
    half = -(-height // 2), -(-width // 2)
    coarse = np.empty((*half, channels), np.float32)
    covered = np.empty(half, np.bool_)
    for rows in bands(half[0], 4 * half[1]):
        fine = slice(2 * rows.start, min(2 * rows.stop, height))
        seen = visible[fine]
        even = ((0, 2 * (rows.stop - rows.start) - len(seen)), (0, width % 2), (0, 0))
        weight = np.pad(seen[..., None], even).astype(np.float32)
        weight_sum = _sum_2x2(weight)
        coarse[rows] = _sum_2x2(np.pad(pixels[fine].astype(np.float32), even) * weight) / np.maximum(weight_sum, 1)
        covered[rows] = weight_sum[..., 0] > 0
    return coarse, covered


def _sum_2x2(planes: Planes) -> Planes:
    return planes[::2, ::2] + planes[1::2, ::2] + planes[::2, 1::2] + planes[1::2, 1::2]
