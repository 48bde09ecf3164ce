"""Verify a picture against the JPEG that it was restored from, both as they were read from their files."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ImageError
from artifix.image import Picture
from artifix.image.turn import as_stored
from artifix.jpeg import JpegCoefficients, Verdict, verify

_GREY: Final = 160  # of the map, where rounding has done all that it can
_RED: Final = 255


def verify_picture(original: Path, jpeg: Picture, restored: Path, picture: Picture) -> Verdict:
    """Whether a picture, RGB or grey, could be the original of a JPEG; the paths are for errors alone.

    ImageError as `coefficients_of`, and for pictures of two sizes.
    """
    coefficients = coefficients_of(original, jpeg)
    if picture.pixels.shape[:2] != jpeg.pixels.shape[:2]:
        sizes = [f"{each.pixels.shape[1]}x{each.pixels.shape[0]}" for each in (picture, jpeg)]
        raise ImageError(f"{restored}: has {sizes[0]} pixels, and {original} {sizes[1]}")
    return verify(coefficients, as_stored(picture.pixels, coefficients.orientation))


def coefficients_of(original: Path, jpeg: Picture) -> JpegCoefficients:
    """What a JPEG says of its original; ImageError for what is no JPEG, and where its coefficients are not known."""
    if jpeg.format != "JPEG":
        raise ImageError(f"{original}: is {jpeg.format}; only a JPEG bounds its original")
    if jpeg.coefficients is None:
        raise ImageError(f"{original}: is CMYK, or its coefficients cannot be read")
    return jpeg.coefficients


def map_of(verdict: Verdict, jpeg: Picture) -> NDArray[np.uint8]:
    """An upright image (H, W, 3) of where a picture could not be the original: red, the more the brighter.

    Black is where every coefficient is inside, grey where rounding can have brought them outside.
    """
    height, width = jpeg.pixels.shape[:2]
    image = np.zeros((height, width, 3), np.uint8)
    if jpeg.coefficients is None:
        return image
    rows, columns = jpeg.coefficients.unit
    grey = np.rint(verdict.map.clip(0, 1) * _GREY)
    red = np.where(verdict.map > 1, np.rint(_RED - (_RED - _GREY) / np.maximum(verdict.map, 1)), grey)
    cells = np.stack([red, np.where(verdict.map > 1, 0, grey), np.where(verdict.map > 1, 0, grey)], axis=-1)
    full = cells.astype(np.uint8).repeat(rows, axis=0).repeat(columns, axis=1)
    stored = as_stored(image, jpeg.coefficients.orientation)
    stored[...] = full[: stored.shape[0], : stored.shape[1]]
    return image
