"""Photoshop's image resources, in which a JPEG or a TIFF keeps IPTC's captions, keywords and rights.

A resource is "8BIM", its number (2 bytes), its name (a length and so many bytes, padded to even), the length of its
content (4 bytes), and the content, padded to even. JPEG has them in APP13 behind "Photoshop 3.0", TIFF in tag 34377.
"""

import struct
from typing import Final

SIGNATURE: Final = b"Photoshop 3.0\0"
"""How a JPEG's segments of resources begin."""
_IPTC: Final = 0x0404
# What would be wrong of the restored picture, or has a place of its own: the encoder's quality, thumbnails, the ICC
# profile, EXIF and XMP.
_LEFT_OUT: Final = (0x0406, 0x0409, 0x040C, 0x040F, 0x0422, 0x0423, 0x0424)
_PIECE: Final = 65_533 - len(SIGNATURE)


def kept(resources: bytes) -> bytes | None:
    """The resources that stay true of a restored picture, as they were; None where there are none."""
    found = b"".join(whole for number, whole, _ in _walk(resources) if number not in _LEFT_OUT)
    return found or None


def of_iptc(iptc: bytes) -> bytes:
    """The resources that hold nothing but these IPTC records."""
    return struct.pack(">4sHHI", b"8BIM", _IPTC, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)


def iptc(resources: bytes) -> bytes | None:
    """The IPTC records among the resources."""
    return next((content for number, _, content in _walk(resources) if number == _IPTC), None)


def segments(resources: bytes) -> list[bytes]:
    """The contents of the APP13 segments that hold the resources in a JPEG."""
    return [SIGNATURE + resources[at : at + _PIECE] for at in range(0, len(resources), _PIECE)]


def _walk(resources: bytes) -> list[tuple[int, bytes, bytes]]:
    """Number, all bytes and content of each resource; what is broken ends them."""
    found, position = [], 0
    while resources[position : position + 4] == b"8BIM" and position + 12 <= len(resources):
        (number,) = struct.unpack_from(">H", resources, position + 4)
        start = position + 6 + (resources[position + 6] + 2) // 2 * 2
        if start + 4 > len(resources):
            break
        (length,) = struct.unpack_from(">I", resources, start)
        content = resources[start + 4 : start + 4 + length]
        if len(content) < length:
            break
        end = start + 4 + length
        whole = resources[position:end] + b"\0" * (length % 2)
        found.append((number, whole, content))
        position = end + length % 2
    return found
