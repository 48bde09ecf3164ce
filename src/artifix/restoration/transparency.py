"""Keep the colours under transparent pixels, which nobody is meant to see, from bleeding into those that show."""

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]


def fill_hidden(pixels: Planes, visible: NDArray[np.bool_]) -> Planes:
    """(H, W, C) with every pixel that is not `visible` (H, W) taken over from visible ones near it, smoothly.

    Push and pull over a pyramid: halve, averaging visible pixels alone, until none is hidden; then fill on the way
    back from the coarser picture.
    """
    if visible.all() or not visible.any():
        return pixels
    height, width = visible.shape
    weight = visible.astype(np.float32)[..., None]
    even = ((0, height % 2), (0, width % 2), (0, 0))
    weight_sum = _sum_2x2(np.pad(weight, even))
    coarse = _sum_2x2(np.pad(pixels * weight, even))
    coarse /= np.maximum(weight_sum, 1)
    coarse = fill_hidden(coarse, weight_sum[..., 0] > 0)
    return np.where(visible[..., None], pixels, coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width])


def _sum_2x2(planes: Planes) -> Planes:
    return planes[::2, ::2] + planes[1::2, ::2] + planes[::2, 1::2] + planes[1::2, 1::2]
