"""A decoded picture: its pixels, and what must reach the restored file unchanged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from artifix.color import ycbcr_to_rgb
from artifix.image.jpeg import Table
from artifix.image.metadata import Metadata
from artifix.jpeg import JpegCoefficients

Space = Literal["L", "RGB", "YCbCr"]
Pixels = NDArray[np.uint8 | np.uint16]

# Whole pictures are converted and copied a band of rows at a time, so that no second copy of 100 megapixels is made.
_BAND_PIXELS: Final = 1 << 20


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture, upright, with what is kept beside its pixels. `dataclasses.replace` gives it restored ones."""

    pixels: Pixels
    """(H, W) grey or (H, W, 3) colour, uint8 or uint16, the EXIF orientation applied."""
    space: Space
    """What the channels are. YCbCr (full range, uint8) is a colour JPEG's own, never converted."""
    alpha: Pixels | None = None
    """(H, W) opacity in the pixels' dtype, as the file has it; None where all is opaque by format."""
    format: str = ""
    """Pillow's name of the file's format, empty where there was no file."""
    metadata: Metadata = field(default_factory=Metadata)
    frames: int = 1
    """How many pictures the file holds; this is the first."""
    tables: tuple[Table, ...] | None = None
    """The quantisation tables of the JPEG that it was read from, one for each of its components."""
    subsampling: tuple[int, int] | None = None
    """How many pixels a chroma sample of that JPEG covers, across and down in the file; None where it has no chroma."""
    orientation: int = 1
    """The EXIF orientation, 1..8, by which the pixels were turned upright."""
    coefficients: JpegCoefficients | None = None
    """The quantised coefficients of that JPEG; None for CMYK, and where they cannot be read."""
    lossy: bool = False
    """Whether the coding of its own format lost anything (`is_lossy`)."""
    notes: tuple[str, ...] = ()
    """What of the file did not come with the picture, a phrase each, such as "CMYK becomes sRGB"."""
    black: Pixels | None = None
    """(H, W), 255 less the black ink of a CMYK picture, whose `pixels` are then 255 less cyan, magenta and yellow; None
    for all other pictures."""


def bands(height: int, width: int) -> Iterator[slice]:
    """Slices of whole rows, about a megapixel each, that cover a picture from top to bottom."""
    rows = max(1, _BAND_PIXELS // max(1, width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def to_rgb(picture: Picture) -> Pixels:
    """The pixels as RGB (H, W, 3), or grey (H, W), in their own dtype."""
    if picture.space != "YCbCr":
        return picture.pixels
    height, width, _ = picture.pixels.shape
    rgb = np.empty((height, width, 3), np.uint8)
    for rows in bands(height, width):
        rgb[rows] = _rgb_rows(picture, rows)
    return rgb


def interleaved(picture: Picture, rows: slice) -> Pixels:
    """Some rows as (h, W, C): grey or RGB, with alpha where the picture has it; of a CMYK picture its four inks."""
    if picture.black is not None:
        return ~np.dstack([picture.pixels[rows], picture.black[rows]])
    channels = [_rgb_rows(picture, rows)] + ([] if picture.alpha is None else [picture.alpha[rows]])
    return np.dstack(channels)


def channels_of(picture: Picture) -> int:
    """How many channels `interleaved` makes."""
    return (1 if picture.pixels.ndim == 2 else 3) + (picture.alpha is not None) + (picture.black is not None)


def to_uint8(values: Pixels) -> NDArray[np.uint8]:
    """16-bit values rounded to the nearest of 8 bits (65535 = 255 x 257); 8-bit ones as they are."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _rgb_rows(picture: Picture, rows: slice) -> Pixels:
    band = picture.pixels[rows]
    if picture.space != "YCbCr":
        return band
    return np.rint(ycbcr_to_rgb(band)).clip(0, 255).astype(np.uint8)
