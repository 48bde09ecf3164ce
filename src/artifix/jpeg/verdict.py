"""Could a picture be the original of a JPEG? Whether each of its coefficients lies where the file says it did.

A picture in whole grey levels cannot always lie there itself. Rounding moves each sample of luma or full-size chroma by
half a level at most, as the weights of R, G and B in each add up to 1 at most. So it moves a coefficient by half of the
sum of its basis function's magnitudes, 4 at the lowest frequency, and the 64 of a block together, as a vector, by 4,
half of the square root of 64. Where chroma is subsampled an encoder rounds its means once more, which doubles both.
That is allowed, and what integer transforms are off by, and no more.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr
from artifix.dct import dct_matrix
from artifix.jpeg.coefficients import BLOCK, Component, JpegCoefficients
from artifix.jpeg.intervals import STRICT, excess, sampled
from artifix.jpeg.settling import freely_padded, in_units

_ROWS: Final = 64  # of units, which are looked at together
_ROUNDING: Final = 0.5  # of a sample, in grey levels
_ARITHMETIC: Final = 0.2  # of a coefficient
_MAGNITUDES: Final = np.abs(dct_matrix(BLOCK)).sum(axis=1)
_REACH: Final = _ROUNDING * np.outer(_MAGNITUDES, _MAGNITUDES)
_REACH_TOGETHER: Final = _ROUNDING * BLOCK

Distances = NDArray[np.float32]  # (R, 8, C, 8): of each coefficient from its interval


@dataclass(frozen=True, eq=False)
class Verdict:
    """What was found. Distances are those of an orthonormal DCT, in grey levels; its DC is 8 times the mean."""

    coefficients: int
    """How many were looked at."""
    outside: int
    """How many lie outside of their intervals."""
    beyond: int
    """How many lie farther outside than rounding can have brought them."""
    blocks_beyond: int
    """In how many blocks all of them together do."""
    farthest: float
    """How far the farthest lies outside."""
    row: int
    """Where it lies: a row and a column of the picture, as the file stores it."""
    column: int
    map: NDArray[np.float32] = field(repr=False)
    """For each unit of the picture, (R, C), the most that a coefficient is outside; 1 is what rounding can do."""

    @property
    def possible(self) -> bool:
        """Whether the picture could be the original, in whole grey levels."""
        return not self.beyond and not self.blocks_beyond

    @property
    def summary(self) -> str:
        """One line for people, about a picture, to go on with "of" and the JPEG."""
        if self.possible:
            outside = f"{self.outside:,} by rounding alone" if self.outside else "none"
            return f"could be the original (of {self.coefficients:,} coefficients {outside} lie outside)"
        return (
            f"could not be the original (of {self.coefficients:,} coefficients {self.beyond:,} lie outside, and "
            f"{self.blocks_beyond:,} blocks; by {self.farthest:.1f} at most, at row {self.row}, column {self.column})"
        )


def verify(coefficients: JpegCoefficients, image: NDArray[np.uint8 | np.uint16]) -> Verdict:
    """Whether an image, RGB (H, W, 3) or grey (H, W), could be the original of a JPEG that was compressed once.

    It lies as the file stores it. Chroma is taken as libjpeg makes it, and so are blocks that reach over the picture's
    right and lower edges; where the image does not fit those, anything may be beyond the edges. ValueError for an image
    of another size.
    """
    height, width = coefficients.height, coefficients.width
    if image.shape[:2] != (height, width):
        raise ValueError(f"{image.shape[1]}x{image.shape[0]} pixels, and the JPEG has {width}x{height}")
    rows, columns = coefficients.unit
    worst = np.zeros((-(-height // rows), -(-width // columns)), np.float32)
    counts, farthest, place = np.zeros(4, np.int64), 0.0, (0, 0)
    for top in range(0, height, rows * _ROWS):
        planes = _planes(image[top : top + rows * _ROWS], coefficients)
        for component, distances in zip(coefficients.components, _distances(planes, coefficients, top), strict=True):
            rounded = 2 if component.down * component.across > 1 else 1
            reach = (rounded * _REACH + _ARITHMETIC).astype(np.float32)[:, None]
            share = np.sqrt((distances**2).sum(axis=(1, 3))) / (rounded * _REACH_TOGETHER + _ARITHMETIC * BLOCK)
            beyond = distances > reach
            counts += [distances.size, (distances > _ARITHMETIC).sum(), beyond.sum(), (share > 1).sum()]
            if distances.max() > farthest:
                farthest = float(distances.max())
                row, _, column, _ = np.unravel_index(distances.argmax(), distances.shape)
                place = top + int(row) * BLOCK * component.down, int(column) * BLOCK * component.across
            np.maximum(share, (distances / reach).max(axis=(1, 3)), out=share)
            unit_rows = (top + np.arange(share.shape[0]) * BLOCK * component.down) // rows
            unit_columns = np.arange(share.shape[1]) * BLOCK * component.across // columns
            np.maximum.at(worst, (unit_rows[:, None], unit_columns), share)
    looked_at, outside, beyond_reach, blocks = counts.tolist()
    return Verdict(looked_at, outside, beyond_reach, blocks, farthest, *place, worst)


def _planes(image: NDArray[np.uint8 | np.uint16], coefficients: JpegCoefficients) -> NDArray[np.float32]:
    """A band of an image as the file's components, (H, W, C), its edges repeated up to whole units."""
    values = image.astype(np.float32) * np.float32(255 / np.iinfo(image.dtype).max)
    if values.ndim == 2 and coefficients.space != "L":
        values = np.repeat(values[..., None], 3, axis=2)
    if coefficients.space == "YCbCr" or (values.ndim == 3 and coefficients.space == "L"):
        values = rgb_to_ycbcr(values)
    planes = values.reshape(*values.shape[:2], -1)[..., : len(coefficients.components)]
    rows, columns = coefficients.unit
    return np.pad(planes, [(0, -planes.shape[0] % rows), (0, -planes.shape[1] % columns), (0, 0)], mode="edge")


def _distances(planes: NDArray[np.float32], coefficients: JpegCoefficients, top: int) -> list[Distances]:
    """How far the coefficients of a band lie from their intervals, those of each component's own blocks."""
    height, width, _ = planes.shape
    rows, columns = coefficients.unit
    parts = [component.part(top, 0, height, width) for component in coefficients.components]
    found = [
        _outside(planes[None, ..., number], part[None], component)[0]
        for number, (component, part) in enumerate(zip(coefficients.components, parts, strict=True))
    ]
    seen = coefficients.height - top, coefficients.width
    where = np.nonzero(_at_edge(found, coefficients, (height // rows, width // columns), seen))
    if len(where[0]):
        sizes = [(rows // component.down, columns // component.across) for component in coefficients.components]
        quantised = [in_units(part, *size)[where] for part, size in zip(parts, sizes, strict=True)]
        visible = np.minimum([[rows], [columns]], np.array(seen)[:, None] - np.array(where) * [[rows], [columns]])
        units = freely_padded(in_units(planes, rows, columns)[where], quantised, coefficients, visible)
        for number, component in enumerate(coefficients.components):
            fitting = _outside(units[..., number], quantised[number], component)
            in_units(found[number], *sizes[number])[where] = fitting
    return [_blocks(each, component, seen) for each, component in zip(found, coefficients.components, strict=True)]


def _outside(plane: NDArray[np.float32], quantised: NDArray[np.int16], component: Component) -> NDArray[np.float32]:
    limits = (STRICT * component.table).astype(np.float32)
    return np.abs(excess(sampled(plane, component), quantised, component, limits))


def _blocks(distances: NDArray[np.float32], component: Component, seen: tuple[int, int]) -> Distances:
    """Those of the blocks that the file has, of all that whole units would have."""
    rows, columns = (
        min(-(-side // (BLOCK * step)), length // BLOCK)
        for side, step, length in zip(seen, (component.down, component.across), distances.shape, strict=True)
    )
    distances = distances[: rows * BLOCK, : columns * BLOCK]
    return distances.reshape(rows, BLOCK, columns, BLOCK)


def _at_edge(
    found: list[NDArray[np.float32]], coefficients: JpegCoefficients, count: tuple[int, int], seen: tuple[int, int]
) -> NDArray[np.bool_]:
    """Which units (R, C) reach over the picture's edges and do not fit what libjpeg would have put there."""
    rows, columns = coefficients.unit
    edge = np.zeros(count, bool)
    if count[0] * rows > seen[0]:
        edge[-1] = True
    if count[1] * columns > seen[1]:
        edge[:, -1] = True
    misfit = np.zeros(count, bool)
    for distances, component in zip(found, coefficients.components, strict=True):
        blocks = _blocks(distances, component, seen)
        far = (blocks > _ARITHMETIC).any(axis=(1, 3))
        unit_rows = np.arange(far.shape[0]) * BLOCK * component.down // rows
        unit_columns = np.arange(far.shape[1]) * BLOCK * component.across // columns
        np.logical_or.at(misfit, (unit_rows[:, None], unit_columns), far)
    return edge & misfit
