"""Pieces that make a picture too large for memory restorable, exactly.

A restored pixel depends only on input within the network's radius. So a tile is read with a halo of that width, the
halo's part of the result is thrown away, and what is kept equals the whole picture's result:

    picture   |0 . . . . . . . . . . . . . . . .|
    tile 1    |kkkkkkkkkkkk hhh|                        k: kept, h: halo
    tile 2            |hhh kkkkkkkkk hhh|
    tile 3                     |hhh kkkkkkkkkkkk|

A border of the picture needs no halo: there the network pads in a tile just as it does in the whole picture.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr
from artifix.image import Space
from artifix.restoration.transparency import Filled


@dataclass(frozen=True)
class Span:
    """One tile along one axis: pixels [start, stop) are read, [keep_start, keep_stop) of the picture are kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int

    @property
    def begins_inside(self) -> bool:
        """Whether the picture continues before it, so that it begins with a halo."""
        return self.start < self.keep_start

    @property
    def ends_inside(self) -> bool:
        """Whether the picture continues after it, so that it ends with a halo."""
        return self.stop > self.keep_stop

    def kept(self, trim: int = 0) -> slice:
        """What is kept of the tile, once it has lost `trim` pixels of its halos."""
        start = self.start + trim * self.begins_inside
        return slice(self.keep_start - start, self.keep_stop - start)


class Grid(NamedTuple):
    """Where tiles may meet along an axis: at `offset` and every `size` pixels from there."""

    size: int = 1
    offset: int = 0

    def below(self, position: int) -> int:
        """The last such place that is not beyond a position."""
        return position - (position - self.offset) % self.size


ANYWHERE: Final = Grid(), Grid()


def plan(
    height: int,
    width: int,
    *,
    radius: int,
    multiple: int,
    max_pixels: int,
    grids: tuple[Grid, Grid] = ANYWHERE,
) -> Iterator[tuple[Span, Span]]:
    """Tiles (rows, columns) that cover a picture, each of at most `max_pixels` where the halo allows so few.

    Of all grids that fit, the one that computes the fewest pixels; tiles start at multiples of `multiple`. Heights and
    widths are the picture's own: where they are no multiples, the last span ends past them, for the reader to pad.
    What is kept of neighbours meets on `grids`, of rows and of columns.
    """
    halo = _round_up(radius, multiple)
    height, width = _round_up(height, multiple), _round_up(width, multiple)
    size = max(grid.size for grid in grids)
    widest = halo if size == 1 else halo + _round_up(size, multiple)
    tile_height, tile_width = _tile_size(height, width, widest, multiple, max_pixels)
    for rows in spans(height, tile_height, halo, multiple, grids[0]):
        for columns in spans(width, tile_width, halo, multiple, grids[1]):
            yield rows, columns


def spans(length: int, tile: int, halo: int, multiple: int = 1, grid: Grid = ANYWHERE[0]) -> Iterator[Span]:
    """Tiles of one length that cover [0, length), the last one moved back to end with it.

    Where they are split, `tile` > 2 (halo + multiple + grid.size).
    """
    kept = 0
    while kept < length:
        start = max(0, min((kept - halo) // multiple * multiple, length - tile))
        stop = min(length, start + tile)
        keep_stop = length if stop == length else grid.below(stop - halo)
        yield Span(start, stop, kept, keep_stop)
        kept = keep_stop


def _tile_size(height: int, width: int, halo: int, multiple: int, max_pixels: int) -> tuple[int, int]:
    def size(length: int, count: int) -> int:
        """The side of `count` equal tiles that cover a length, halos included."""
        return length if count == 1 else _round_up(math.ceil((length + 2 * halo * (count - 1)) / count), multiple)

    def most(length: int) -> int:
        """So many tiles that each keeps at least a halo's width."""
        return max(1, (length - 2 * halo) // max(halo, multiple))

    best: tuple[int, int, int] | None = None
    for columns in range(1, most(width) + 1):
        tile_width = size(width, columns)
        rows = next((r for r in range(1, most(height) + 1) if size(height, r) * tile_width <= max_pixels), None)
        if rows is not None:
            tile_height = size(height, rows)
            cost = rows * tile_height * columns * tile_width
            best = min(best or (cost, tile_height, tile_width), (cost, tile_height, tile_width))
    if best is None:
        return size(height, most(height)), size(width, most(width))
    return best[1:]


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def read_tile(pixels: NDArray[Any] | Filled, rows: Span, columns: Span) -> NDArray[Any]:
    """The tile's pixels; past the picture's last row or column, that row or column again."""
    height, width = pixels.shape[:2]
    tile = pixels[rows.start : min(rows.stop, height), columns.start : min(columns.stop, width)]
    missing = max(0, rows.stop - height), max(0, columns.stop - width)
    if any(missing):
        tile = np.pad(tile, [(0, n) for n in missing] + [(0, 0)] * (pixels.ndim - 2), mode="edge")
    return tile


def as_planes(tile: NDArray[np.float32], space: Space) -> NDArray[np.float32]:
    """YCbCr (H, W, 3), or grey (H, W, 1), of a tile in 0..255."""
    return rgb_to_ycbcr(tile) if space == "RGB" else tile.reshape(*tile.shape[:2], -1)
