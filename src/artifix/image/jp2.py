"""What Pillow leaves out of a JPEG 2000 file: the boxes for the ICC profile, EXIF, XMP and the resolution.

ISO/IEC 15444-1, annex I: a box is its length (all of it, 4 bytes), its type (4 bytes) and its content.
"""

import struct
from collections.abc import Iterator
from typing import Final

from artifix.image import limits, photoshop
from artifix.image.metadata import Metadata

_SOC_SIZ: Final = b"\xff\x4f\xff\x51"  # how a code stream begins
_SSIZ: Final = 42  # where, counted from there, the depth of the first component stands

_EXIF_UUID: Final = b"JpgTiffExif->JP2"
_XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_IPTC_UUID: Final = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_ICC_METHODS: Final = (b"\2", b"\3")  # of a `colr` box: a restricted profile, any profile


def read_metadata(jp2: bytes) -> Metadata:
    """The EXIF block, ICC profile, XMP packet and IPTC of a JP2 file; a bare code stream has none."""
    exif = icc = xmp = iptc = None
    for kind, content in _boxes(jp2):
        if kind == b"jp2h":
            for inner, colour in _boxes(content):
                if inner == b"colr" and bytes(colour[:1]) in _ICC_METHODS:
                    icc = bytes(colour[3:])
        elif kind == b"uuid" and bytes(content[:16]) == _EXIF_UUID:
            exif = bytes(content[16:]).removeprefix(b"Exif\0\0")
        elif kind == b"uuid" and bytes(content[:16]) == _XMP_UUID:
            xmp = bytes(content[16:])
        elif kind == b"uuid" and bytes(content[:16]) == _IPTC_UUID:
            iptc = photoshop.of_iptc(bytes(content[16:]))
    return Metadata(exif or None, icc or None, xmp or None, iptc=iptc)


def depth_of(jp2: bytes) -> int:
    """Bits of a channel, as the code stream's header says (annex A.5.1)."""
    place = jp2.find(_SOC_SIZ)
    return (jp2[place + _SSIZ] & 127) + 1 if 0 <= place < len(jp2) - _SSIZ else 8


def with_metadata(jp2: bytes, metadata: Metadata) -> Iterator[bytes]:
    """The same JP2 file, in pieces, with the metadata in it."""
    for kind, content in _boxes(jp2):
        yield _box(kind, _header(content, metadata) if kind == b"jp2h" else content)
    if metadata.exif:
        yield _box(b"uuid", _EXIF_UUID + metadata.exif)
    if metadata.xmp:
        yield _box(b"uuid", _XMP_UUID + metadata.xmp)
    if records := photoshop.iptc(metadata.iptc or b""):
        yield _box(b"uuid", _IPTC_UUID + records)


def _header(content: memoryview, metadata: Metadata) -> bytes:
    """The content of a `jp2h` box with the profile as its colour, and the resolution of capture at its end."""
    boxes = []
    for kind, inner in _boxes(content):
        profile = kind == b"colr" and metadata.icc
        boxes.append(_box(kind, _ICC_METHODS[0] + b"\0\0" + profile if profile else inner))
    if metadata.dpi:
        (across, across_exponent), (down, down_exponent) = map(_per_metre, metadata.dpi)
        fields = struct.pack(">HHHHbb", down, 1, across, 1, down_exponent, across_exponent)
        boxes.append(_box(b"res ", _box(b"resc", fields)))
    return b"".join(boxes)


def _per_metre(dpi: float) -> tuple[int, int]:
    """Pixels per metre, as a number of two bytes and its power of ten."""
    per_metre, exponent = dpi / 0.0254, 0
    while per_metre >= 65_535.5:
        per_metre, exponent = per_metre / 10, exponent + 1
    return round(per_metre), exponent


def _boxes(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Type and content of each box; what is cut short, no box at all or one too many ends them."""
    view, position = memoryview(data), 0
    for _ in range(limits.PIECES):
        if position + 8 > len(view):
            return
        length, kind = struct.unpack_from(">I4s", view, position)
        head = 8
        if length == 1 and position + 16 <= len(view):
            (length,) = struct.unpack_from(">Q", view, position + 8)
            head = 16
        end = position + length if length else len(view)
        if not position + head <= end <= len(view):
            return
        yield kind, view[position + head : end]
        position = end


def _box(kind: bytes, content: bytes | memoryview) -> bytes:
    if 8 + len(content) < 1 << 32:
        return struct.pack(">I4s", 8 + len(content), kind) + content
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
