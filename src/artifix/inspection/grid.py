"""An 8x8 grid in the pixels of anything: the trace of a JPEG coding, wherever it begins."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr
from artifix.dct import dct_matrix
from artifix.image import Pixels, Space
from artifix.inspection.blocking import BLOCK

# A grid is looked for in the middle of the picture, this many pixels wide and high at most.
_SEARCHED_SIDE: Final = 512
_SMALLEST_SIDE: Final = 4 * BLOCK
# Measured on the middle 256 pixels of 269 pictures without a trace of JPEG: one offset leads the next by 0.006 at most.
# Of 450 JPEGs of 75 pictures, quality 10 to 95, cut at random, 99 in 100 lead by 0.04 and more, all at the right place.
_LEAD: Final = 0.015
_STANDARD_ERRORS: Final = 4.0


def find_grid(pixels: Pixels, space: Space) -> tuple[int, int] | None:
    """Row and column, 0..7, where the first whole 8x8 block of a compression begins, in its pixels; None without one.

    Of the 64 places where a grid can lie, the right one gives the blocks in which quantisation has left zeros: DCT
    coefficients below half a step of rounding. Their share must lead the next place's by what no clean picture reaches.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < _SMALLEST_SIDE:
        return None
    top, left = max(0, height - _SEARCHED_SIDE) // 2, max(0, width - _SEARCHED_SIDE) // 2
    middle = pixels[top : top + _SEARCHED_SIDE, left : left + _SEARCHED_SIDE]
    shares, count = _zero_shares(_brightness(middle, space))
    second, first = np.sort(shares.ravel())[-2:]
    if first - second < _LEAD + _STANDARD_ERRORS * np.sqrt(first * (1 - first) / count):
        return None
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return int(row + top) % BLOCK, int(column + left) % BLOCK


def _zero_shares(plane: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    """For each place of the grid, (8, 8), the share of DCT coefficients that round to zero; and their number."""
    dct = dct_matrix(BLOCK)
    rows, columns = (side // BLOCK - 1 for side in plane.shape)
    shares = np.empty((BLOCK, BLOCK))
    for row, column in np.ndindex(BLOCK, BLOCK):
        shifted = plane[row : row + rows * BLOCK, column : column + columns * BLOCK]
        blocks = shifted.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)
        shares[row, column] = np.mean(np.abs(dct @ blocks @ dct.T) < 0.5)
    return shares, rows * columns * BLOCK * BLOCK


def _brightness(pixels: Pixels, space: Space) -> NDArray[np.float32]:
    """The full-range luma, float32 in 0..255, that JPEG codes."""
    values = pixels.astype(np.float32) / (257.0 if pixels.dtype == np.uint16 else 1.0)
    if space == "RGB":
        values = rgb_to_ycbcr(values)
    return np.ascontiguousarray(values if space == "L" else values[..., 0], dtype=np.float32)
