"""The outermost boxes of an ISO media file, a JPEG 2000 or a JPEG XL (ISO/IEC 14496-12, 4.2)."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from artifix.image import limits


class Box(NamedTuple):
    """A box: its type, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def boxes(file: BinaryIO) -> Iterator[Box]:
    """The boxes of an open file, whose contents are left alone; what is no whole box ends them.

    ValueError for too many.
    """
    position, length = 0, file.seek(0, 2)
    for _ in range(limits.PIECES):
        file.seek(position)
        head = file.read(16)
        size, start = int.from_bytes(head[:4]), position + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), position + 16
        end = position + size if size else length
        if len(head) < 8 or not start <= end <= length:
            return
        yield Box(head[4:8], start, end)
        position = end
    raise ValueError(f"more than {limits.PIECES:,} boxes")
