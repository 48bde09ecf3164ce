"""From Pillow's memory into an upright array: each pixel is copied once, and turned on the way."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.image.picture import bands

# Seen through one of these views, an upright array has its pixels where the file stores them (EXIF 2.32, 4.6.4.A).
_AS_STORED: Final[dict[int, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


# By which of their ends, the last row's and the last column's, the upright picture's blocks are laid out.
_FROM_THE_END: Final = {
    1: (False, False),
    2: (False, True),
    3: (True, True),
    4: (True, False),
    5: (False, False),
    6: (False, True),
    7: (True, True),
    8: (True, False),
}


def as_stored(upright: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of an upright (H, W, ...) array that lies as the file of that EXIF orientation stores it."""
    return _AS_STORED[orientation](upright)


def from_the_end(orientation: int) -> tuple[bool, bool]:
    """Whether an upright picture's rows, and its columns, run against the file's, which may call them the other way."""
    return _FROM_THE_END[orientation]


def upright(
    image: Image.Image, orientation: int, unpack: Callable[[Image.Image], NDArray[Any]] = np.asarray
) -> NDArray[Any]:
    """The image as a new (H, W, C) array, an EXIF `orientation` (1..8) applied; grey has C = 1.

    `unpack` makes the (h, w, C) or (h, w) array of a band of whole rows. Going by bands, nothing but Pillow's own
    image (four bytes a colour pixel) and the result is ever held.
    """
    image.load()  # first: it turns TIFFs
    width, height = image.size
    sample = unpack(image.crop((0, 0, 1, 1)))
    channels = sample.shape[2] if sample.ndim == 3 else 1
    turned = np.empty((width, height, channels) if orientation > 4 else (height, width, channels), sample.dtype)
    stored = _AS_STORED[orientation](turned)
    for rows in bands(height, width):
        stored[rows] = unpack(image.crop((0, rows.start, width, rows.stop))).reshape(-1, width, channels)
    return turned
