"""A JPEG without its end marker, or with damaged data: whether its pixels are there, and if not, how many rows are.

A decoder that runs out of data goes on with whatever follows. So the file is decoded several times, each time with
something else behind it: what comes out the same each time came from the file. The four endings begin with each of
the four pairs of bits, so that whatever code or bits of a coefficient are missing first, two of the endings differ.
"""

import random
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ImageError
from artifix.image.pillow import opened
from artifix.image.segments import Structure

_END: Final = b"\xff\xd9"
_LENGTH: Final = 4_096  # bytes of each ending
_ENDS_EARLY: Final = "premature end of data segment"  # in libjpeg's words, which begin with the next
_PREFIX: Final = "Corrupt JPEG data: "
_INCOMPLETE: Final = "the file is incomplete"
NOTE: Final = "the file has no end marker, but every pixel"


def judge(path: Path, structure: Structure, max_pixels: int, *, salvage: bool) -> str:
    """What is to be said of a JPEG that has no end marker.

    ImageError for one that was cut off before its last pixel, unless `salvage` allows that.
    """
    if not structure.scans:
        raise ImageError(f"{path}: broken or truncated picture (it ends before its pixels begin)")
    rows, height = _rows_there(path, structure, max_pixels)
    if rows == height and structure.has_every_scan:
        return NOTE
    if not salvage:
        raise ImageError(f"{path}: broken or truncated picture (it is cut off); --salvage restores what is there")
    if not structure.has_every_scan:
        return "the file is cut off: a coarser picture is there"
    return f"the file is cut off: {rows} of {height} rows are there"


def judge_damage(
    path: Path, structure: Structure, damage: tuple[str, ...], max_pixels: int, *, salvage: bool
) -> tuple[str, ...]:
    """What is to be said of a JPEG that has its end marker, `damage` being what libjpeg found in it.

    ImageError for one whose data end before its last pixel, unless `salvage` allows that.
    """
    if not structure.has_every_scan:
        return (f"{_INCOMPLETE}: a coarser picture is there",)
    if any(_ENDS_EARLY in line for line in damage):
        rows, height = _rows_there(path, structure, max_pixels)
        if rows < height and not salvage:
            raise ImageError(
                f"{path}: broken or truncated picture (its data end after {rows} of {height} rows); --salvage restores"
                " what is there"
            )
        if rows < height:
            return (f"{_INCOMPLETE}: {rows} of {height} rows are there",)
    return ("the file is damaged: " + "; ".join(line.removeprefix(_PREFIX) for line in damage),) if damage else ()


def ended(path: Path, structure: Structure, ending: bytes = b"") -> bytes:
    """What of the file can be decoded, with this ending and an end marker behind it."""
    stop = structure.stop if structure.end is None else structure.end - len(_END)
    return path.read_bytes()[:stop] + ending + _END


def _rows_there(path: Path, structure: Structure, max_pixels: int) -> tuple[int, int]:
    """How many rows, from the top, do not depend on what follows the file; and how many rows it should have."""
    first, *others = (ended(path, structure, _ending(bits)) for bits in range(4))
    decoded = _decoded(path, max_pixels, first)
    height = rows = len(decoded)
    for content in others:
        other = _decoded(path, max_pixels, content)
        rows = next((row for row in range(rows) if (decoded[row] != other[row]).any()), rows)
    return rows, height


def _ending(bits: int) -> bytes:
    """Bytes of chance behind these two bits, without any that would be a marker."""
    chance = random.Random(bits)
    return bytes([bits << 6 | chance.randrange(63)]) + bytes(chance.randrange(255) for _ in range(_LENGTH))


def _decoded(path: Path, max_pixels: int, content: bytes) -> NDArray[Any]:
    with opened(path, max_pixels, content) as file:
        file.draft("YCbCr", None)
        return np.asarray(file)
