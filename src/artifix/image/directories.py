"""The directories of a TIFF file or an EXIF block, walked without loading what they point to (TIFF 6.0, section 2).

header: byte order, 42, offset of the first directory
directory: count, count x (tag, kind, number of values, value or offset), offset of the next directory
"""

import struct
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from artifix.image import limits

SHORT: Final = 3
LONG: Final = 4
_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

_MOST: Final = 65_535  # entries that the count of a TIFF's directory can say


class Entry(NamedTuple):
    """One tag of a directory."""

    tag: int
    kind: int
    number: int
    place: int
    """Where its value or the offset of its values stands, in bytes from the beginning of the file."""

    @property
    def size(self) -> int:
        """The bytes that its values take."""
        return self.number * _BYTES.get(self.kind, 1)


class Directory(NamedTuple):
    """One directory: its entries, the offset of the next one, 0 for none, and where that offset stands."""

    entries: tuple[Entry, ...]
    next: int
    next_place: int


class Directories:
    """The directories of a stream that begins with a TIFF header.

    ValueError for what is no TIFF header, and for a directory that the stream does not hold.
    """

    def __init__(self, stream: BinaryIO | bytes) -> None:
        self._stream = BytesIO(stream) if isinstance(stream, bytes | bytearray) else stream
        header = self._read(0, 16, whole=False)
        if header[:4] in (b"II*\0", b"MM\0*"):
            self.order, self._big = ("<" if header[:1] == b"I" else ">"), False
            self.first = self.number(4, "I")
        elif header[:8] in (b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"):
            self.order, self._big = ("<" if header[:1] == b"I" else ">"), True
            self.first = self.number(8, "Q")
        else:
            raise ValueError("no TIFF header")

    def at(self, offset: int) -> Directory:
        """The directory at an offset; of one that is cut off, the entries that are whole, as other readers do."""
        count, size = (self.number(offset, "Q"), 20) if self._big else (self.number(offset, "H"), 12)
        if count > _MOST:
            raise ValueError(f"a directory of more than {_MOST:,} tags")
        start = offset + (8 if self._big else 2)
        form = self.order + ("HHQ" if self._big else "HHI")
        fields = self._read(start, count * size, whole=False)
        skip = struct.calcsize(form)
        entries = tuple(
            Entry._make((*struct.unpack_from(form, fields, at), start + at + skip))
            for at in range(0, len(fields) - size + 1, size)
        )
        end = start + count * size
        return Directory(entries, self.number(end, "Q" if self._big else "I", missing=0), end)

    def count(self) -> int:
        """How many directories the chain has; a broken one ends it."""
        count, size, head = ("Q", 20, 8) if self._big else ("H", 12, 2)
        offset, seen = self.first, set[int]()
        try:
            while offset and offset not in seen and len(seen) < limits.DIRECTORIES:
                end = offset + head + size * self.number(offset, count)
                seen.add(offset)
                offset = self.number(end, "Q" if self._big else "I", missing=0)
        except ValueError:
            pass
        return len(seen)

    def offset(self, entry: Entry) -> int:
        """Where an entry's values begin: in the entry itself if they fit there."""
        if entry.size <= (8 if self._big else 4):
            return entry.place
        return self.number(entry.place, "Q" if self._big else "I")

    def value(self, entry: Entry) -> int:
        """The first of an entry's whole numbers."""
        return self.number(self.offset(entry), {1: "B", SHORT: "H", LONG: "I", 13: "I", 16: "Q", 18: "Q"}[entry.kind])

    def check(self, directory: Directory, length: int) -> None:
        """ValueError for too many tags, and for tags that take more bytes than the whole file, of this length, has."""
        if len(directory.entries) > limits.TAGS:
            raise ValueError(f"a directory of more than {limits.TAGS:,} tags")
        if sum(entry.size for entry in directory.entries) > length:
            raise ValueError("a directory whose tags take more bytes than the file has")

    def number(self, offset: int, form: str, missing: int | None = None) -> int:
        """The unsigned number of a struct format at an offset; `missing` or ValueError beyond the end."""
        data = self._read(offset, struct.calcsize(form), whole=missing is None)
        if len(data) < struct.calcsize(form):
            return missing or 0
        (value,) = struct.unpack(self.order + form, data)
        return int(value)

    def _read(self, offset: int, size: int, *, whole: bool = True) -> bytes:
        try:
            self._stream.seek(offset)
        except (OverflowError, OSError):
            raise ValueError(f"nothing at offset {offset}") from None
        data = self._stream.read(size)
        if whole and len(data) < size:
            raise ValueError(f"nothing at offset {offset}")
        return data
