"""What metrics of luma are computed on."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import luma

Pixels = NDArray[np.uint8]

BLOCK: Final = 8


def luma_planes(restored: Pixels, target: Pixels) -> tuple[Pixels, Pixels]:
    """The luma (H, W) of two uint8 images of one shape, grey (H, W) or RGB (H, W, 3).

    ValueError for other types or shapes, or a side shorter than a block.
    """
    if restored.dtype != np.uint8 or target.dtype != np.uint8:
        raise ValueError(f"expected uint8 images, got {restored.dtype} and {target.dtype}")
    if restored.shape != target.shape or target.shape[2:] not in ((), (3,)) or min(target.shape[:2], default=0) < BLOCK:
        raise ValueError(f"expected two (H, W) of at least {BLOCK}, got {restored.shape} and {target.shape}")
    return (restored, target) if target.ndim == 2 else (luma(restored), luma(target))
