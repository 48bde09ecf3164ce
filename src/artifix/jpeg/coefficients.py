"""The quantised DCT coefficients of a JPEG file, as its encoder wrote them, by libjpeg-turbo (pyjpegio)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ImageError
from artifix.jpeg.damage import listening
from artifix.jpeg.tiles import find_tiles

Space = Literal["L", "YCbCr", "RGB"]
Blocks = NDArray[np.int16]
_Value = TypeVar("_Value", bound=np.generic)

BLOCK: Final = 8
MOST_SAMPLES: Final = 320_000_000
"""Samples of all components of a JPEG whose coefficients are read, which takes up to six bytes for each."""


@dataclass(frozen=True, eq=False)
class Component:
    """One component of a JPEG: luma, a chroma, or a colour as it is."""

    quantised: Blocks
    """(8 rows, 8 columns) of whole 8x8 blocks, each where its samples lie; the lowest frequency is top left."""
    table: NDArray[np.int32]
    """(8, 8) quantisation steps, 1..65535, the lowest frequency top left."""
    across: int = 1
    """How many of the picture's columns a sample covers, 1..4."""
    down: int = 1
    """How many of its rows."""

    @cached_property
    def is_blank(self) -> bool:
        """Whether there is nothing in it, as in the chroma of a grey picture that is stored in colour."""
        return not self.quantised.any()

    @cached_property
    def tiles(self) -> NDArray[np.bool_]:
        """Which of its blocks are tiles (`find_tiles`), a row and a column for each."""
        return find_tiles(self.quantised, self.table)

    def part(self, top: int, left: int, height: int, width: int) -> Blocks:
        """The coefficients of a piece of the picture in whole units, zeros where it has no blocks."""
        return self._part(self.quantised, 1, top, left, height, width)

    def tiles_of(self, top: int, left: int, height: int, width: int) -> NDArray[np.bool_]:
        """Which blocks of such a piece are tiles."""
        return self._part(self.tiles, BLOCK, top, left, height, width)

    def _part(
        self, values: NDArray[_Value], each: int, top: int, left: int, height: int, width: int
    ) -> NDArray[_Value]:
        """The piece's part of an array of one value for `each` x `each` samples."""
        top, rows = (side // (self.down * each) for side in (top, height))
        left, columns = (side // (self.across * each) for side in (left, width))
        part = values[top : top + rows, left : left + columns]
        missing = rows - part.shape[0], columns - part.shape[1]
        return np.pad(part, [(0, missing[0]), (0, missing[1])]) if any(missing) else part


@dataclass(frozen=True, eq=False)
class JpegCoefficients:
    """The coefficients of a JPEG of `height` x `width` pixels, both as the file stores them."""

    height: int
    width: int
    components: tuple[Component, ...]
    """One of grey, three of colour."""
    space: Space
    """What the components are; YCbCr has the full range of JFIF."""
    orientation: int = 1
    """How the stored picture is turned to stand upright: EXIF's 1..8."""
    damage: tuple[str, ...] = ()
    """What of the file is damaged, in libjpeg's words; empty if nothing is."""

    @property
    def unit(self) -> tuple[int, int]:
        """Rows and columns of the smallest piece of the picture that holds whole blocks of every component."""
        return (
            BLOCK * max(component.down for component in self.components),
            BLOCK * max(component.across for component in self.components),
        )

    @property
    def nbytes(self) -> int:
        """What the coefficients take in memory."""
        return sum(component.quantised.nbytes for component in self.components)


def read_coefficients(
    path: str | Path, size: tuple[int, int], space: Space, tables: Mapping[int, Sequence[int]]
) -> JpegCoefficients:
    """The coefficients of a JPEG file, baseline or progressive, Huffman- or arithmetic-coded.

    `size` is the width and height, `space` what the components are and `tables` the quantisation tables, row by row, by
    their number, all as another reader of the file found them in its header. ImageError if libjpeg-turbo cannot read
    the file, or reads something else in it: then nothing is known of the original.
    """
    try:
        from jpegio import DecompressedJpeg
    except ImportError as error:
        raise ImageError(f"{path}: its coefficients cannot be read: pyjpegio is not installed") from error
    file = DecompressedJpeg()
    try:
        with listening() as damage:
            file.read(path)
        layout = file.comp_info
        components = [
            _component(quantised, info, layout, tables)
            for quantised, info in zip(file.coef_arrays, layout, strict=True)
        ]
        found = [np.asarray(table).ravel().tolist() for table in file.quant_tables]
    except (RuntimeError, ValueError, OSError, KeyError, MemoryError) as error:
        raise ImageError(f"{path}: its coefficients cannot be read ({error})") from error
    coefficients = JpegCoefficients(file.image_height, file.image_width, tuple(components), space, damage=tuple(damage))
    # A table that is defined anew between two scans would be another one for the components that came before it.
    same_tables = found == [list(tables[number]) for number in sorted(tables)]
    if (file.image_width, file.image_height) != size or not same_tables or not _is_whole(coefficients):
        raise ImageError(f"{path}: its coefficients cannot be read (its header and its scans contradict each other)")
    return coefficients


def _component(
    quantised: NDArray[np.int32], info: Any, layout: Sequence[Any], tables: Mapping[int, Sequence[int]]
) -> Component:
    across = max(other.h_samp_factor for other in layout) / info.h_samp_factor
    down = max(other.v_samp_factor for other in layout) / info.v_samp_factor
    if across % 1 or down % 1:
        raise ValueError("its chroma is subsampled by a fraction")
    table = np.array(tables[info.quant_tbl_no], np.int32).reshape(BLOCK, BLOCK)
    return Component(quantised.astype(np.int16), table, int(across), int(down))


def _is_whole(coefficients: JpegCoefficients) -> bool:
    """Whether there is a block for every sample, and as many components as the colours need."""
    if len(coefficients.components) != (1 if coefficients.space == "L" else 3):
        return False
    for component in coefficients.components:
        rows, columns = (
            -(-side // (BLOCK * step)) * BLOCK
            for side, step in ((coefficients.height, component.down), (coefficients.width, component.across))
        )
        if component.quantised.shape != (rows, columns) or component.table.min() < 1:
            return False
    return True
