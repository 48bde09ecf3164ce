"""Keep what is restored of a JPEG to what could be its original: when that is right, and tile by tile how."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artifix.image import Picture
from artifix.image.jpeg import has_too_many_samples
from artifix.image.turn import as_stored, from_the_end
from artifix.inspection.history import NO_SIGN, Evidence, coded_before
from artifix.jpeg import JpegCoefficients, project
from artifix.restoration.tiling import Grid, Span

Planes = NDArray[np.float32]
BoundMode = Literal["auto", "always", "never"]

BOUND_MODES: Final = get_args(BoundMode)
_SURE: Final = 0.5  # of an earlier, coarser coding, and the file no longer bounds the picture


@dataclass(frozen=True)
class Rule:
    """Whether the file bounds the picture, and why."""

    applies: bool
    said: str
    """For the record: begins with kept, given up or none; empty for what is no JPEG."""
    note: str = ""
    """For people, where it is not as they would expect."""
    coded_before: bool = False
    """Whether an earlier, coarser coding is the reason; a network is then not told the tables of the last one."""


def rule_for(picture: Picture, mode: BoundMode, evidence: Evidence | None = None) -> Rule:
    """Whether a picture is kept to what could be its JPEG's original; `evidence` is its `earlier_coding`, if known.

    A JPEG's coefficients bound its original, if it was compressed only once. `auto` gives the bound up where an
    earlier, coarser coding shows in the picture, `always` keeps it all the same, `never` has none.
    """
    if picture.format != "JPEG":
        return Rule(False, "")
    if mode == "never":
        return Rule(False, "given up: asked for")
    if picture.coefficients is None:
        reason = _without_coefficients(picture)
        return Rule(False, f"none: {reason}", f"not bounded by the file: {reason}")
    if not _fits(picture, picture.coefficients):
        return Rule(False, "none: not the file's whole picture")
    if mode == "always":
        return Rule(True, "kept: asked for")
    evidence = evidence or earlier_coding(picture)
    if evidence.sure >= _SURE:
        note = f"not bounded by the file: {evidence.reason}"
        return Rule(False, f"given up: {evidence.reason}", note, coded_before=True)
    return Rule(True, "kept")


def _without_coefficients(picture: Picture) -> str:
    height, width = picture.pixels.shape[:2]
    components = len(picture.tables or ())
    if components == 4:
        return "CMYK"
    if has_too_many_samples(height * width, picture.subsampling, components):
        return "it is too large for that"
    return "its coefficients cannot be read"


def bound_word(mode: BoundMode) -> str:
    """What a restorer's settings say of it, where that is not the default."""
    return "" if mode == "auto" else f" bound={mode}"


class Bound:
    """The bound of one picture, to be applied to its restored planes tile by tile; safe to share between threads."""

    def __init__(self, coefficients: JpegCoefficients) -> None:
        self._coefficients, self.nbytes = coefficients, coefficients.nbytes
        self._turned = coefficients.orientation > 4
        sides = (coefficients.height, coefficients.width)
        self._sides = sides[::-1] if self._turned else sides
        self._reversed = from_the_end(coefficients.orientation)
        units = coefficients.unit[::-1] if self._turned else coefficients.unit
        rows, columns = (
            Grid(unit, side % unit if backwards else 0)
            for unit, side, backwards in zip(units, self._sides, self._reversed, strict=True)
        )
        self.grids = rows, columns
        """Where tiles of the upright picture must meet, along its rows and its columns."""

    def __call__(self, planes: Planes, rows: Span, columns: Span) -> Planes:
        """What a tile keeps, (H, W, C) full-range YCbCr or grey, brought to the nearest that the file allows.

        What lies past the picture's last row or column stays as it is.
        """
        starts, counts = [], []
        for span, side, backwards in zip((rows, columns), self._sides, self._reversed, strict=True):
            stop = min(span.keep_stop, side)
            starts.append(side - stop if backwards else span.keep_start)
            counts.append(stop - span.keep_start)
        inside = np.s_[: counts[0], : counts[1]]
        top, left = starts[::-1] if self._turned else starts
        stored = as_stored(planes[inside], self._coefficients.orientation)
        bounded = planes.copy()
        as_stored(bounded[inside], self._coefficients.orientation)[...] = project(stored, self._coefficients, top, left)
        return bounded


def bound_of(picture: Picture, rule: Rule) -> Bound | None:
    """The bound of a picture that has one by the rule."""
    return Bound(picture.coefficients) if rule.applies and picture.coefficients else None


def whole(height: int, width: int) -> tuple[Span, Span]:
    """The rows and columns of a picture in one tile."""
    return Span(0, height, 0, height), Span(0, width, 0, width)


def _fits(picture: Picture, coefficients: JpegCoefficients) -> bool:
    sides = coefficients.height, coefficients.width
    return picture.pixels.shape[:2] == (sides[::-1] if coefficients.orientation > 4 else sides)


def earlier_coding(picture: Picture) -> Evidence:
    """What speaks for an earlier, coarser coding of a JPEG's picture; nothing where its coefficients are not there."""
    if picture.coefficients is None:
        return Evidence(0.0, NO_SIGN)
    return coded_before(picture.coefficients, picture.pixels, picture.space)
