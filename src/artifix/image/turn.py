"""From Pillow's memory into an upright array: each pixel is copied once, and turned on the way."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.image import large
from artifix.image.picture import bands

Alpha = NDArray[Any] | None
Unpack = Callable[[Image.Image], NDArray[Any]]

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


def upright(image: Image.Image, orientation: int, unpack: Unpack = np.asarray) -> tuple[NDArray[Any], Alpha]:
    """The image as new arrays, an EXIF `orientation` (1..8) applied: pixels (H, W) or (H, W, 3), and alpha (H, W).

    `unpack` makes the (h, w) or (h, w, C) array of a band of whole rows. Going by bands, nothing but Pillow's own
    image (four bytes a colour pixel) and the result is ever held.
    """
    image.load()  # first: it turns TIFFs
    width, height = image.size
    sides = (width, height) if orientation > 4 else (height, width)
    samples = split(unpack(image.crop((0, 0, 1, 1))))
    turned = [None if part is None else large.empty((*sides, *part.shape[2:]), part.dtype) for part in samples]
    for rows, parts in stored_bands(image, unpack):
        for whole, part in zip(turned, parts, strict=True):
            if whole is not None:
                as_stored(whole, orientation)[rows] = part
    pixels, alpha = turned
    if pixels is None:
        raise ValueError("no channels")
    return pixels, alpha


def stored_bands(image: Image.Image, unpack: Unpack = np.asarray) -> Iterator[tuple[slice, tuple[NDArray[Any], Alpha]]]:
    """Bands of whole rows of a loaded image as it is stored, each as its pixels and its alpha."""
    width, height = image.size
    for rows in bands(height, width):
        yield rows, split(unpack(image.crop((0, rows.start, width, rows.stop))))


def split(values: NDArray[Any]) -> tuple[NDArray[Any], Alpha]:
    """Views of (H, W) or (H, W, C) values, C = 1 to 4, alpha last: the pixels (H, W) or (H, W, 3) and the alpha."""
    channels = values.shape[2] if values.ndim == 3 else 0
    if channels == 0:
        return values, None
    pixels = values[..., 0] if channels < 3 else values[..., :3]
    return pixels, values[..., -1] if channels in (2, 4) else None
