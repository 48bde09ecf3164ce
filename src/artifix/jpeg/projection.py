"""Bring a restored picture back to where its JPEG says that the original lay: the nearest picture inside.

The original of a JPEG that is its only compression lies in a box (`intervals`), which is convex. So the point of the
box that is nearest to a restored picture is nearer to the original than the restored picture was, whatever restored it.

    restored --DCT--> coefficients --clamp--> inside --DCT back--> samples

Subsampled chroma is the mean of the pixels that libjpeg averages. What its samples change by is added to each of those
pixels, which makes their mean exactly what it should be, by the least change of all that would.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.jpeg.coefficients import JpegCoefficients
from artifix.jpeg.intervals import bring_well_inside
from artifix.jpeg.settling import CLOSE, beyond, in_units, settled

Planes = NDArray[np.float32]

_BAND_PIXELS: Final = 1 << 17  # taken together: what fits into a processor's own cache


def project(planes: Planes, coefficients: JpegCoefficients, top: int = 0, left: int = 0) -> Planes:
    """The picture nearest to a restored one that could be the original of a JPEG; a new array.

    Planes are full-range YCbCr (H, W, 3) or grey (H, W, 1) float32 in 0..255, as the file stores the picture: of all of
    it, or of a part that begins at row `top` and column `left`, multiples of the coefficients' `unit`, and ends at such
    multiples or with the picture. ValueError if it does not.

    Blocks that reach over the picture's right and lower edges are taken as libjpeg pads them, by repeating the last
    pixels; where no picture fits that, by their own intervals alone.
    """
    height, width, _ = planes.shape
    rows, columns = coefficients.unit
    bottom, right = top + height, left + width
    for start, stop, unit, end in (
        (top, bottom, rows, coefficients.height),
        (left, right, columns, coefficients.width),
    ):
        if start % unit or (stop % unit and stop != end) or stop > end:
            raise ValueError(f"pixels {start}..{stop} of {end} are no whole units of {unit}")
    projected = np.empty_like(planes, order="C")
    step = max(1, _BAND_PIXELS // (rows * width)) * rows
    for start in range(0, height, step):
        band = slice(start, start + step)
        projected[band] = _project(planes[band], coefficients, top + start, left)
    return projected


def _project(planes: Planes, coefficients: JpegCoefficients, top: int, left: int) -> Planes:
    height, width, _ = planes.shape
    rows, columns = coefficients.unit
    in_rgb = coefficients.space == "RGB"
    values = ycbcr_to_rgb(planes) if in_rgb else planes
    missing = -height % rows, -width % columns
    values = np.pad(values, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="edge") if any(missing) else values.copy()
    parts = [component.part(top, left, *values.shape[:2]) for component in coefficients.components]

    bands = values.reshape(-1, rows, *values.shape[1:])
    for number, (component, quantised) in enumerate(zip(coefficients.components, parts, strict=True)):
        tiles = component.tiles_of(top, left, *values.shape[:2])
        tiles = tiles.reshape(len(bands), -1, tiles.shape[1])
        quantised = quantised.reshape(len(bands), -1, quantised.shape[1])
        bring_well_inside(bands[..., number], quantised, tiles, component)
    _settle(values, parts, coefficients, missing)
    values = values[:height, :width]
    return rgb_to_ycbcr(values) if in_rgb else values


def _settle(
    values: Planes, parts: list[NDArray[np.int16]], coefficients: JpegCoefficients, missing: tuple[int, int]
) -> None:
    """Settle, in place, the units of which more is known than the box: at edges, and with colours beyond 0..255."""
    rows, columns = coefficients.unit
    units = in_units(values, rows, columns)
    down, right = units.shape[0] - 1, units.shape[1] - 1
    chosen = beyond(values, coefficients.space).reshape(down + 1, rows, -1).max(axis=1)
    chosen = chosen.reshape(down + 1, right + 1, columns).max(axis=2) > CLOSE
    chosen[down] |= missing[0] > 0
    chosen[:, right] |= missing[1] > 0
    where = np.nonzero(chosen)
    if not len(where[0]):
        return
    quantised = [
        in_units(part, rows // component.down, columns // component.across)[where]
        for component, part in zip(coefficients.components, parts, strict=True)
    ]
    visible = np.full((2, len(where[0])), [[rows], [columns]])
    visible[0, where[0] == down] -= missing[0]
    visible[1, where[1] == right] -= missing[1]
    units[where] = settled(units[where], quantised, coefficients, visible)
