"""The marker segments of a JPEG (ITU-T T.81, annex B): what kind it is, and where its picture ends."""

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from artifix.image import limits

_MARKER: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # but for escaped bytes and restarts within a scan
_ALONE: Final = (0x01, 0xD8)  # markers without a segment
_END: Final = 0xD9
_SCAN: Final = 0xDA
_APP1: Final = 0xE1
_JPEG_LS: Final = 0xF7
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {_JPEG_LS}
_LOSSLESS: Final = (0xC3, 0xCB)
_HIERARCHICAL: Final = (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF)
_PROGRESSIVE: Final = (0xC2, 0xCA)
_COEFFICIENTS: Final = 64

Data = bytes | mmap.mmap


@dataclass
class Structure:
    """What the segments of a JPEG say of it."""

    frame: int = 0
    """The marker of its frame, 0xC0 for baseline."""
    bits: int = 8
    """Of a sample."""
    components: bytes = b""
    """The identifiers of its components."""
    scans: int = 0
    end: int | None = None
    """Where the bytes behind its end marker begin; None where it has none."""
    stop: int = 0
    """Where what can be decoded ends, in a file without an end marker: before a segment that is not whole."""
    levels: dict[tuple[int, int], int] = field(default_factory=dict)
    """The lowest bit that a progressive file has of each component's coefficient."""

    @property
    def unsupported(self) -> str | None:
        """Why it is not read, if it is not."""
        if self.frame == _JPEG_LS:
            return "a JPEG-LS file, which is not supported"
        if self.frame in _LOSSLESS:
            return "a lossless JPEG, which is not supported"
        if self.frame in _HIERARCHICAL:
            return "a hierarchical JPEG, which is not supported"
        if self.frame and self.bits != 8:
            return f"a JPEG of {self.bits} bits a sample, which is not supported"
        return None

    @property
    def has_every_scan(self) -> bool:
        """Whether a scan has begun for every component and, in a progressive file, for every bit of it."""
        coefficients = range(_COEFFICIENTS if self.frame in _PROGRESSIVE else 1)
        levels = [self.levels.get((component, k)) for component in self.components for k in coefficients]
        return bool(levels) and not any(level != 0 for level in levels)


@contextmanager
def mapped(file: BinaryIO) -> Iterator[Data]:
    """The bytes of an open file, not read before they are looked at."""
    data: Data
    try:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # no file of a disk, or an empty one
        file.seek(0)
        yield file.read()
    else:
        with data:
            yield data


def structure_of(data: Data, *, header: bool = False) -> Structure:
    """What the segments say, all of them or only those before the first scan's pixels.

    ValueError for a file of too many segments.
    """
    found, position, exif = Structure(), 2, 0
    for _ in range(limits.PIECES):
        match = _MARKER.search(data, position)
        if match is None:
            found.stop = len(data)
            while found.stop and data[found.stop - 1] == 0xFF:  # half of a marker
                found.stop -= 1
            return found
        marker, position = match[1][0], match.end()
        if marker == _END:
            found.end = position
            return found
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[position : position + 2])
        content = data[position + 2 : position + length] if marker in _FRAMES or marker == _SCAN else b""
        exif += marker == _APP1 and data[position + 2 : position + 6] == b"Exif"
        if exif > limits.EXIF_SEGMENTS:
            raise ValueError(f"more than {limits.EXIF_SEGMENTS} segments of EXIF")
        position += length
        if position > len(data):
            found.stop = match.start()
            return found
        if marker in _FRAMES and content and not found.frame:
            found.frame, found.bits, found.components = marker, content[0], content[6::3]
        if marker == _SCAN:
            found.scans += 1
            _note_scan(found, content)
            if header:
                return found
    raise ValueError(f"more than {limits.PIECES:,} segments")


def _note_scan(found: Structure, content: bytes) -> None:
    """Note which coefficients of which components a scan brings, down to which bit."""
    count = content[0] if content else 0
    if len(content) < 4 + 2 * count:
        return
    first, last, bits = content[1 + 2 * count : 4 + 2 * count]
    if found.frame not in _PROGRESSIVE:  # decoders of other frames ignore these
        first = last = bits = 0
    for component in content[1 : 1 + 2 * count : 2]:
        for coefficient in range(first, min(last, _COEFFICIENTS - 1) + 1):
            found.levels[component, coefficient] = bits & 15


def segment(marker: int, content: bytes) -> bytes:
    """A segment as it stands in a file; its content has 65,533 bytes at most."""
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content
