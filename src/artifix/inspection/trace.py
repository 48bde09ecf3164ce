"""Whether pixels bear a trace of a JPEG coding: what there is to go by where a file's own format lost nothing."""

from dataclasses import dataclass
from typing import Final, Literal

from artifix.image import Pixels, Space
from artifix.inspection.grid import likeliest_grid
from artifix.inspection.history import quality_at

# The lead of a grid, as a multiple of what no clean picture reaches, from which on a picture is not taken for clean.
_UNCERTAIN: Final = 0.6


@dataclass(frozen=True)
class Trace:
    """What pixels show of a coding."""

    kind: Literal["none", "uncertain", "found"]
    sure: float
    """How sure it is that there was a coding, 0..1."""
    quality: int | None = None
    """The quality 1..100 of libjpeg's tables that it had, or had nearly; None where that does not show."""
    grid: tuple[int, int] | None = None
    """Row and column, 0..7, where its first whole 8x8 block begins."""


def find_trace(pixels: Pixels, space: Space) -> Trace:
    """The trace of a JPEG coding in pixels (H, W) or (H, W, 3).

    Resized pictures and other codecs leave none that is found here, nor does a picture below 32 pixels.
    """
    grid = likeliest_grid(pixels, space)
    quality = quality_at(pixels, space, grid.place) if grid and grid.lead >= _UNCERTAIN else None
    if grid is None or quality is None:  # drawings made of squares have the grid, but no coefficients with a comb
        return Trace("none", 0.0)
    return Trace("found", 1.0, quality, grid.place) if grid.lead >= 1 else Trace("uncertain", 0.5, quality)
