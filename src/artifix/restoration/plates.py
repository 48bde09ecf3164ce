"""Restore a CMYK picture as CMYK: its black as a grey picture, its colours as one coloured or three grey pictures."""

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
    """The CMYK picture with its colours and its black (`Picture.black`) restored; an ink of one tone is unchanged.

    A CMYK JPEG codes each ink separately, and so each is restored separately. A YCCK JPEG codes the three colours as a
    luma and two chromas; in it and in other files the colours are restored as one picture.
    """
    assert picture.black is not None
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
    """Whether the picture is of a CMYK JPEG; in a YCCK JPEG luma and chroma have different tables."""
    return len(picture.tables or ()) == _INKS and len(set(picture.tables or ())) == 1
