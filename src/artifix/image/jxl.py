"""What the package for JPEG XL leaves out: a picture's size before it is decoded, and its XMP (ISO/IEC 18181)."""

from typing import BinaryIO, Final

from artifix.image import limits
from artifix.image.boxes import Box, boxes
from artifix.image.metadata import Metadata

_CODE_STREAM: Final = b"\xff\x0a"
_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE_BITS: Final = (9, 13, 18, 30)
# What the decoder puts into a profile that it makes for sRGB: its numbers, or for grey its curve alone.
_SRGB: Final = {
    b"RGB ": b"cicp\0\0\0\0\x01\x0d",
    b"GRAY": bytes.fromhex("00026666 0000f2a7 00000d59 000013d0 00000a5b"),
}
_OWN_PROFILE: Final = b"jxl "


def size_of(file: BinaryIO) -> tuple[int, int]:
    """Width and height of an open file; ValueError where its header is broken."""
    file.seek(0)
    head = file.read(2)
    if head != _CODE_STREAM:
        first = next((box for box in boxes(file) if box.kind in (b"jxlc", b"jxlp")), None)
        stream = _content(file, first, 32) if first else b""
        start = stream.find(_CODE_STREAM, 0, 8)
        head = stream[start : start + 16] if start >= 0 else b""
    else:
        head += file.read(14)
    if len(head) < 4:
        raise ValueError("no JPEG XL code stream")
    bits = _Bits(int.from_bytes(head[2:], "little"))
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return _side(bits, small), height


def read_metadata(file: BinaryIO) -> tuple[Metadata, tuple[str, ...]]:
    """The XMP packet of an open file, and a phrase for what is left out."""
    xmp, notes = None, []
    file.seek(0)
    if file.read(2) == _CODE_STREAM:
        return Metadata(), ()
    for box in boxes(file):
        if box.kind == b"xml ":
            xmp = xmp or _content(file, box)
        elif box.kind == b"brob":
            notes.append("compressed metadata is left out")
        elif box.kind == b"jumb":
            credentials = b"c2pa" in _content(file, box)
            notes.append("the content credentials are left out" if credentials else "JUMBF is left out")
        elif box.kind == b"jhgm":
            notes.append("the HDR gain map is left out")
    return Metadata(xmp=xmp), tuple(dict.fromkeys(notes))


def is_srgb(profile: bytes) -> bool:
    """Whether a profile is the one that the decoder makes for sRGB, which a file need not have."""
    said = _SRGB.get(profile[16:20])
    return profile[4:8] == _OWN_PROFILE and said is not None and said in profile


class _Bits:
    """Bits of a code stream, the lowest first."""

    def __init__(self, number: int) -> None:
        self._number = number

    def take(self, count: int) -> int:
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        return value


def _side(bits: _Bits, small: int) -> int:
    if small:
        return (bits.take(5) + 1) * 8
    return bits.take(_SIDE_BITS[bits.take(2)]) + 1


def _content(file: BinaryIO, box: Box, most: int = limits.METADATA_BYTES) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, most))
