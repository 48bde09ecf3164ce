"""An 8x8 grid in the pixels of anything: the trace of a JPEG coding, wherever it begins."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr
from artifix.dct import dct_matrix
from artifix.image import Pixels, Space
from artifix.inspection.blocking import BLOCK

DCT: Final = dct_matrix(BLOCK)

# A grid is looked for in the middle of the picture, this many pixels wide and high at most.
_SEARCHED_SIDE: Final = 512
_SMALLEST_SIDE: Final = 4 * BLOCK
# Measured on the middle 256 pixels of 269 pictures without a trace of JPEG: one offset leads the next by 0.006 at most.
# Of 450 JPEGs of 75 pictures, quality 10 to 95, cut at random, 99 in 100 lead by 0.04 and more, all at the right place.
_LEAD: Final = 0.015
_STANDARD_ERRORS: Final = 4.0


class Grid(NamedTuple):
    """The likeliest place of a grid, and how far it stands out."""

    place: tuple[int, int]
    """Row and column, 0..7, where the first whole 8x8 block begins."""
    lead: float
    """By how much its share of zeros leads the next place's, as a multiple of what no clean picture reaches."""


def find_grid(pixels: Pixels, space: Space) -> tuple[int, int] | None:
    """Row and column, 0..7, of the pixels where the first whole 8x8 block of a coding begins; None without one."""
    grid = likeliest_grid(pixels, space)
    return grid.place if grid and grid.lead >= 1 else None


def likeliest_grid(pixels: Pixels, space: Space) -> Grid | None:
    """The likeliest of the 64 places where a grid can lie; None for a picture too small to show one.

    The right one gives the blocks in which quantisation has left zeros: DCT coefficients below half a step of rounding.
    """
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return None
    (top, left), middle = middle_of(pixels, _SEARCHED_SIDE)
    shares, count = zero_shares(brightness(middle, space))
    second, first = np.sort(shares.ravel())[-2:]
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    lead = (first - second) / (_LEAD + _STANDARD_ERRORS * np.sqrt(first * (1 - first) / count))
    return Grid((int(row + top) % BLOCK, int(column + left) % BLOCK), float(lead))


def middle_of(pixels: Pixels, side: int) -> tuple[tuple[int, int], Pixels]:
    """The middle of a picture, at most `side` pixels wide and high, and at which row and column it begins."""
    height, width = pixels.shape[:2]
    top, left = max(0, height - side) // 2, max(0, width - side) // 2
    return (top, left), pixels[top : top + side, left : left + side]


def zero_shares(plane: NDArray[np.float32], half: float = 0.5) -> tuple[NDArray[np.float64], int]:
    """For each place of the grid, (8, 8), the share of DCT coefficients nearer to 0 than `half`; and their number."""
    rows, columns = (side // BLOCK - 1 for side in plane.shape)
    shares = np.empty((BLOCK, BLOCK))
    for row in range(BLOCK):
        down = DCT @ plane[row : row + rows * BLOCK].reshape(rows, BLOCK, -1)
        for column in range(BLOCK):
            across = down[:, :, column : column + columns * BLOCK].reshape(-1, BLOCK) @ DCT.T
            shares[row, column] = np.count_nonzero(np.abs(across) < half) / across.size
    return shares, rows * columns * BLOCK * BLOCK


def transformed(plane: NDArray[np.float32], place: tuple[int, int]) -> NDArray[np.float32]:
    """The DCT of every whole block, (rows, columns, 8, 8), of a grid that begins at this row and column of a plane."""
    blocks = whole_blocks(plane, place)
    return np.matmul(DCT @ blocks, DCT.T)


def whole_blocks(plane: NDArray[Any], place: tuple[int, int]) -> NDArray[Any]:
    """A view of every whole block, (rows, columns, 8, 8), of a grid that begins at this row and column of a plane."""
    row, column = place
    rows, columns = (plane.shape[0] - row) // BLOCK, (plane.shape[1] - column) // BLOCK
    part = plane[row : row + rows * BLOCK, column : column + columns * BLOCK]
    return part.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)


def brightness(pixels: Pixels, space: Space) -> NDArray[np.float32]:
    """The full-range luma, float32 in 0..255, that JPEG codes."""
    values = pixels.astype(np.float32) / (257.0 if pixels.dtype == np.uint16 else 1.0)
    if space == "RGB":
        values = rgb_to_ycbcr(values)
    return np.ascontiguousarray(values if space == "L" else values[..., 0], dtype=np.float32)
