"""What PSNR and SSIM do not distinguish: texture that was blurred away, and noise around edges.

Both are functions of the uint8 luma (H, W) of a restored picture and of its target. ValueError for other types or
shapes, or a side shorter than a block.
"""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from artifix.color import luma
from artifix.dct import dct_matrix

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

BLOCK: Final = 8
BAND: Final = 6  # u + v of a coefficient in the high band at least, u and v in 0..7: 43 of the 64
EDGE: Final = 16.0  # grey levels a pixel, gradient of the target at an edge at least: a step of 32
FLAT: Final = 4.0  # grey levels a pixel, and at most on a flat pixel and its eight neighbours
REACH: Final = 8  # pixels, along both axes, in which an edge of a JPEG block rings


def texture(restored: Pixels, target: Pixels) -> float:
    """Energy in the high band of the 8x8 DCT, restored over target: 1 is right, blur lies below, noise above.

    Summed over the blocks of JPEG's grid, so that a jump from block to block does not count as texture, and over the
    coefficients (u, v) with u + v >= 6. Infinite where the target alone has none, 1 where neither has.
    """
    _check(restored, target)
    mine, wanted = _high_energy(restored), _high_energy(target)
    if wanted == 0:
        return 1.0 if mine == 0 else float("inf")
    return mine / wanted


def mosquito(restored: Pixels, target: Pixels) -> float:
    """Mean squared error, in squared grey levels, in the flat pixels within 8 of an edge (Galteri et al. 2017, Fig. 4).

    By the target's gradient (Sobel's, in grey levels a pixel) an edge has 16 or more, and a flat pixel, as its eight
    neighbours, 4 or less: about a tenth of a photograph. 0 is the target itself, and a picture without such pixels.
    """
    _check(restored, target)
    gradient = _gradient(target)
    near = _within(gradient >= EDGE, REACH) & ~_within(gradient > FLAT, 1)
    error = (restored.astype(np.float32) - target)[near]
    return float(np.mean(error * error)) if error.size else 0.0


def texture_of_luma(restored: Pixels, target: Pixels) -> float:
    """`texture` of two images, grey (H, W) or RGB (H, W, 3): of their luma."""
    return texture(restored, target) if target.ndim == 2 else texture(luma(restored), luma(target))


def mosquito_of_luma(restored: Pixels, target: Pixels) -> float:
    """`mosquito` of two images, grey (H, W) or RGB (H, W, 3): of their luma."""
    return mosquito(restored, target) if target.ndim == 2 else mosquito(luma(restored), luma(target))


def _check(restored: Pixels, target: Pixels) -> None:
    if restored.dtype != np.uint8 or target.dtype != np.uint8:
        raise ValueError(f"expected uint8 images, got {restored.dtype} and {target.dtype}")
    if restored.shape != target.shape or target.ndim != 2 or min(target.shape) < BLOCK:
        raise ValueError(f"expected two (H, W) of at least {BLOCK}, got {restored.shape} and {target.shape}")


_DCT: Final = dct_matrix(BLOCK)
_HIGH: Final = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) >= BAND


def _high_energy(plane: Pixels) -> float:
    height, width = (side // BLOCK * BLOCK for side in plane.shape)
    levels = plane[:height, :width].astype(np.float32)
    blocks = levels.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).swapaxes(1, 2)
    blocks -= blocks.mean(axis=(2, 3), keepdims=True)  # so that a flat block has none, not what rounding leaves
    high = (_DCT @ blocks @ _DCT.T)[..., _HIGH]
    return float(np.sum(high * high, dtype=np.float64))


def _gradient(plane: Pixels) -> Plane:
    """Sobel's gradient, (H, W), grey levels a pixel; the border's pixels are repeated."""
    levels = np.pad(plane.astype(np.float32), 1, mode="edge")
    rows = levels[:-2] + 2 * levels[1:-1] + levels[2:]  # smoothed along y, ready for the difference along x
    columns = levels[:, :-2] + 2 * levels[:, 1:-1] + levels[:, 2:]
    gradient: Plane = np.hypot(rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2])
    return gradient / np.float32(8)


def _within(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Where the mask is set at most `reach` pixels away along both axes."""
    for axis in (0, 1):
        padding = [(reach, reach) if each == axis else (0, 0) for each in (0, 1)]
        mask = np.any(sliding_window_view(np.pad(mask, padding), 2 * reach + 1, axis), axis=-1)
    return mask
