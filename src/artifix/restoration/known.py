"""What a network is told of the file that a picture was read from: a JPEG's tables, where its grid is the picture's."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np

from artifix.image import Picture
from artifix.image.jpeg import Table
from artifix.models.known import NOTHING, Known

_BLOCK: Final = 8
_LEARNED: Final = ((1, 1), (2, 1), (1, 2), (2, 2))  # subsamplings that a network may have been told of
_TRANSPOSED: Final = (5, 6, 7, 8)  # orientations that exchange width and height
_FROM_RIGHT: Final = (2, 3, 7, 8)  # those after which the picture begins with what was the file's last column
_FROM_BOTTOM: Final = (3, 4, 6, 7)  # and last row


def known_of(tables: Sequence[Table] | None, subsampling: tuple[int, int] | None) -> Known:
    """The tables and sampling of a YCbCr or grey JPEG; nothing for any other file."""
    if not tables or any(step < 1 for table in tables for step in table):
        return NOTHING
    if len(tables) == 1:
        return Known(tables[0])
    return Known(tables[0], tables[1], subsampling) if subsampling in _LEARNED else NOTHING


def known_of_picture(picture: Picture) -> Known:
    """The same of a picture as it lies there, turned upright.

    Nothing where the turn has the picture begin with a part of a block: the network can only be told of grids that
    begin at the first pixel.
    """
    if picture.space == "RGB":
        return NOTHING
    known = known_of(picture.tables, picture.subsampling)
    if known is NOTHING or picture.orientation == 1:
        return known
    across, down = (_BLOCK * each for each in known.subsampling)
    transposed = picture.orientation in _TRANSPOSED
    height, width = picture.pixels.shape[:2][:: -1 if transposed else 1]  # as the file has them
    if (picture.orientation in _FROM_RIGHT and width % across) or (
        picture.orientation in _FROM_BOTTOM and height % down
    ):
        return NOTHING
    if not transposed:
        return known
    return dataclasses.replace(
        known,
        luma=_transposed(known.luma),
        chroma=_transposed(known.chroma),
        subsampling=(known.subsampling[1], known.subsampling[0]),
    )


def _transposed(table: Table | None) -> Table | None:
    return None if table is None else tuple(np.reshape(table, (_BLOCK, _BLOCK)).T.ravel().tolist())
