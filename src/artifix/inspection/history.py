"""Whether a picture was coded before its file was: then the file's own tables say little of what it was at first.

Of a JPEG, an earlier and coarser coding shows on the same grid in the histograms of the file's coefficients, and on
another grid in those of the decoded pixels, transformed where that grid lies. A picture in another format shows it by
a grid. `combs.py` says what is looked for in a histogram.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from artifix.color import ycbcr_to_rgb
from artifix.image import Pixels, Space
from artifix.inspection.blocking import BLOCK
from artifix.inspection.combs import ROUNDING, Comb, find_comb, is_explained
from artifix.inspection.grid import brightness, find_grid, middle_of, transformed, whole_blocks, zero_shares

NO_SIGN: Final = "no sign of an earlier coding"
# Evidence, in nats, of which an earlier coding is as likely as not, and how soon it is sure. `docs/inspection.md` has
# what single-coded pictures reach and what those coded twice do.
_EVEN: Final = 50.0
_SOON: Final = 10.0
# On another grid the file's own coarse steps, above 17 in the mean of low frequencies, make patterns that look alike.
_COARSE: Final = 17.0
_EVEN_OF_COARSE: Final = 4.0  # nats for each level above
_SIDE: Final = 1024  # of the middle that is looked at, a multiple of two blocks
_SHIFTED_SIDE: Final = 512
_FEW: Final = 0.1  # the least share of blocks without clipped colours to be looked at alone
# Rounding to the file's own steps moves what the earlier coding left by about 0.29 of a step at each frequency; the
# large steps of high frequencies move less, since little lies there.
_ROUNDED: Final = 0.2
_LARGE_STEP: Final = 40
_WHOLE_LEVELS: Final = np.ones((BLOCK, BLOCK), np.int64)


class _Component(Protocol):
    @property
    def quantised(self) -> NDArray[np.int16]: ...
    @property
    def table(self) -> NDArray[Any]: ...


class _Coefficients(Protocol):
    @property
    def components(self) -> Sequence[_Component]: ...


@dataclass(frozen=True)
class Evidence:
    """What speaks for an earlier coding than the file's own."""

    sure: float
    """0..1; above 0.5 an earlier coding is likelier than none."""
    reason: str
    """One clause for people."""
    quality: int | None = None
    """The quality 1..100 whose libjpeg tables the earlier coding had, or had nearly."""
    grid: tuple[int, int] | None = None
    """Row and column, 0..7, where its first whole block begins; None where nothing was found."""


def coded_before(coefficients: _Coefficients | None, pixels: Pixels, space: Space) -> Evidence:
    """What speaks for a coding of the picture before its file's, coarser than that.

    `coefficients` are the file's own, if it is a JPEG; `pixels` (H, W) or (H, W, 3) are what it decodes to, in `space`.
    Only the middle of large pictures is looked at.
    """
    if min(pixels.shape[:2]) < 4 * BLOCK:
        return Evidence(0.0, "the picture is too small to show an earlier coding")
    if coefficients is None:
        grid = find_grid(pixels, space)
        if grid is None:
            return Evidence(0.0, NO_SIGN)
        return Evidence(1.0, "an 8x8 grid in the pixels", quality_at(pixels, space, grid), grid)
    aligned = _on_the_same_grid(coefficients.components[0], pixels, space)
    if aligned.sure > 0.5:
        return aligned
    shifted = _on_another_grid(coefficients.components[0].table, pixels, space)
    found = max(aligned, shifted, key=lambda evidence: evidence.sure)
    return found if found.sure > 0.05 else Evidence(found.sure, NO_SIGN)


def quality_at(pixels: Pixels, space: Space, grid: tuple[int, int]) -> int | None:
    """The quality of the coding whose grid begins at this row and column of the pixels; None if it does not show."""
    (top, left), middle = middle_of(pixels, _SHIFTED_SIDE)
    place = (grid[0] - top) % BLOCK, (grid[1] - left) % BLOCK
    levels = _unclipped(_levels_at(middle, space, place), middle, space, place)
    comb = find_comb(levels.reshape(-1, BLOCK, BLOCK), _WHOLE_LEVELS)
    return comb.quality if comb else None


def _on_the_same_grid(luma: _Component, pixels: Pixels, space: Space) -> Evidence:
    """Combs in the file's own coefficients."""
    blocks = whole_blocks(luma.quantised, (0, 0))
    # Coefficients are as the file stores them; of a picture that was turned the clipped blocks lie elsewhere.
    stored_as_shown = [-(-side // BLOCK) for side in pixels.shape[:2]] == list(blocks.shape[:2])
    (top, left), middle = middle_of(pixels, _SIDE)
    top, left = top - top % BLOCK, left - left % BLOCK
    rows, columns = (side // BLOCK for side in middle.shape[:2])
    if stored_as_shown:
        middle = pixels[top : top + rows * BLOCK, left : left + columns * BLOCK]
        blocks = blocks[top // BLOCK :, left // BLOCK :][:rows, :columns]
    unclipped = _unclipped(blocks, middle, space, (0, 0)) if stored_as_shown else blocks
    comb = _explaining_comb(unclipped, blocks, luma.table, ROUNDING)
    return _evidence(comb, (0, 0), "on the same grid")


def _on_another_grid(table: NDArray[Any], pixels: Pixels, space: Space) -> Evidence:
    """Combs in the decoded pixels, transformed at the likeliest other places of a grid."""
    (top, left), middle = middle_of(pixels, _SHIFTED_SIDE)
    noise = max(0.35, float(_ROUNDED * np.sqrt(np.mean(np.minimum(table, _LARGE_STEP).astype(np.float64) ** 2))))
    shares, _ = zero_shares(brightness(middle, space), max(0.5, noise))
    own_row, own_column = -top % BLOCK, -left % BLOCK
    # Places in the file's own rows or columns of blocks have more zeros than others, so each kind has its own first.
    rows, columns = np.indices(shares.shape)
    kinds = (
        (rows != own_row) & (columns != own_column),
        (rows == own_row) & (columns != own_column),
        (rows != own_row) & (columns == own_column),
    )
    even = _EVEN + _EVEN_OF_COARSE * max(0.0, float(table[:4, :4].mean()) - _COARSE)
    best = Evidence(0.0, "")
    for kind in kinds:
        row, column = divmod(int(np.where(kind, shares, -1).argmax()), BLOCK)
        levels = _levels_at(middle, space, (row, column))
        unclipped = _unclipped(levels, middle, space, (row, column))
        comb = _explaining_comb(unclipped, levels, _WHOLE_LEVELS, 2 * noise)
        place = (row + top) % BLOCK, (column + left) % BLOCK
        found = _evidence(comb, place, "on a grid from row {}, column {}".format(*place), even)
        best = max(best, found, key=lambda evidence: evidence.sure)
    return best


def _levels_at(pixels: Pixels, space: Space, place: tuple[int, int]) -> NDArray[np.int32]:
    """The luma's coefficients on a grid from this place, (R, C, 8, 8) in whole levels."""
    return np.rint(transformed(brightness(pixels, space), place)).astype(np.int32)


def _explaining_comb(unclipped: NDArray[Any], blocks: NDArray[Any], table: NDArray[Any], noise: float) -> Comb | None:
    """The comb that is found in the blocks (..., 8, 8) without clipped colours, if it explains all of them."""
    comb = find_comb(unclipped.reshape(-1, BLOCK, BLOCK), table, noise)
    return comb if comb and is_explained(blocks.reshape(-1, BLOCK, BLOCK), table, comb, noise) else None


def _unclipped(blocks: NDArray[Any], pixels: Pixels, space: Space, place: tuple[int, int]) -> NDArray[Any]:
    """The blocks without clipped colours, in which decoding moves coefficients far; all of them, if those are few."""
    values: NDArray[np.floating[Any]] = pixels.reshape(*pixels.shape[:2], -1) / np.float32(
        257 if pixels.dtype == np.uint16 else 1
    )
    if space == "YCbCr":
        values = ycbcr_to_rgb(values)
    clipped = np.any((values < 0.6) | (values > 254.4), axis=2)
    whole = ~whole_blocks(clipped, place).any(axis=(2, 3))
    return blocks[whole] if whole.mean() > _FEW else blocks


def _evidence(comb: Comb | None, grid: tuple[int, int], where: str, even: float = _EVEN) -> Evidence:
    if comb is None:
        return Evidence(0.0, "")
    sure = round(float(1 / (1 + np.exp((even - comb.evidence) / _SOON))), 3)
    return Evidence(sure, f"coded before at quality {comb.quality} or so, {where}", comb.quality, grid)
