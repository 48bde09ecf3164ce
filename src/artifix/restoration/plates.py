"""CMYK in, CMYK out: what a picture's inks leave of the light is restored as grey or coloured pictures of their own."""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.image import Picture
from artifix.restoration.folder import Progress

_BLACK: Final = 3
_INKS: Final = 4


def restore_plates(
    restore: Callable[[Picture, Progress], Picture], picture: Picture, progress: Progress = lambda share: None
) -> Picture:
    """The picture with its colours and its black (`Picture.black`) restored; an ink of one tone stays as it is.

    A JPEG of CMYK codes each ink alone, and so each is restored alone. In one of YCCK, which has a luma and two chromas
    of the three colours, and in any other file these are one picture.
    """
    if picture.black is None:
        return restore(picture, progress)
    done = 0

    def share(within: float) -> None:
        progress((done + within) / _INKS)

    def restore_one(pixels: NDArray[Any], ink: int) -> NDArray[Any]:
        if pixels.min() == pixels.max():
            return pixels
        tables = (picture.tables[ink],) if picture.tables else None
        plate = dataclasses.replace(picture, pixels=pixels, space="L", black=None, tables=tables)
        return restore(plate, share).pixels

    black = restore_one(picture.black, _BLACK)
    done = 1
    if not _is_coded_by_ink(picture):
        colours = restore(
            dataclasses.replace(picture, black=None), lambda within: progress((1 + _BLACK * within) / _INKS)
        )
        return dataclasses.replace(colours, black=black)
    restored = np.empty_like(picture.pixels)
    for ink in range(_BLACK):
        restored[..., ink] = restore_one(np.ascontiguousarray(picture.pixels[..., ink]), ink)
        done += 1
    return dataclasses.replace(picture, pixels=restored, black=black)


def _is_coded_by_ink(picture: Picture) -> bool:
    """Whether it is of a CMYK JPEG: luma and chroma would have tables of their own."""
    return len(picture.tables or ()) == _INKS and len(set(picture.tables or ())) == 1
