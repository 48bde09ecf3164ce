"""How much blocking shows along a grid of 8x8 blocks: the blocking effect factor of PSNR-B."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 8


def bef(image: NDArray[np.uint8]) -> float:
    """The blocking effect factor of a grey (H, W) image, in squared grey levels, at least 0 (Yim and Bovik 2011).

    Neighbouring pixels differ more across the borders of JPEG's 8x8 blocks (|) than elsewhere (.) by D_B - D_Bc, each
    the mean square of a difference between neighbours, horizontal and vertical:

        1 . 2 . 3 . 4 . 5 . 6 . 7 . 8 | 9 . 10 . 11 ...

    BEF = t max(0, D_B - D_Bc), t = log2(8) / log2(min(H, W)). The pairs across borders are counted as H (W/8 - 1) +
    W (H/8 - 1), in real numbers: so it is in the paper's own figures, also for sides that are no multiple of 8.
    ValueError for another type or shape, or a side below 8.
    """
    if image.dtype != np.uint8 or image.ndim != 2 or min(image.shape) < BLOCK:
        raise ValueError(f"expected a grey (H, W) image of uint8, sides at least 8, got {image.shape} {image.dtype}")
    h, w = image.shape
    across = _squared_difference(image[:, 1:], image[:, :-1]).sum(axis=0)
    down = _squared_difference(image[1:, :], image[:-1, :]).sum(axis=1)
    on_border = float(across[BLOCK - 1 :: BLOCK].sum() + down[BLOCK - 1 :: BLOCK].sum())
    elsewhere = float(across.sum() + down.sum()) - on_border
    border_pairs = h * (w / BLOCK - 1) + w * (h / BLOCK - 1)
    if border_pairs == 0:  # a single block
        return 0.0
    other_pairs = h * (w - 1) + w * (h - 1) - border_pairs
    weight = np.log2(BLOCK) / np.log2(min(h, w))
    return float(weight * max(0.0, on_border / border_pairs - elsewhere / other_pairs))


def _squared_difference(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> NDArray[np.int32]:
    difference = np.subtract(x, y, dtype=np.int32)
    return difference * difference
