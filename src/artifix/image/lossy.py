"""Whether a file's own coding lost anything, as its header says, without decoding it."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HEAD: Final = 1 << 20  # bytes that are looked at; what comes before the pixels' own header is seldom a thousandth
_MARKERS: Final = 64  # chunks or marker segments that are looked at

_SOC_SIZ: Final = b"\xff\x4f\xff\x51"  # how a JPEG 2000 code stream begins
_COD: Final = 0xFF52
_WAVELET: Final = 13  # of the COD segment's bytes, where the wavelet stands; 1 is the reversible one


def is_lossy(path: Path, format: str) -> bool:
    """Whether a picture file of this format, by Pillow's name, was coded with loss.

    A WebP with VP8L and a JPEG 2000 with the reversible wavelet were not, nor formats that have no loss of their own
    (a TIFF may have, and is not asked). AVIF, HEIF and JPEG XL, seldom without loss, always count as lossy.
    """
    if format not in ("WEBP", "JPEG2000"):
        return format in ("JPEG", "AVIF", "HEIF", "JXL")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if format == "WEBP":
        return next((kind == b"VP8 " for kind in _webp_chunks(head) if kind in (b"VP8 ", b"VP8L")), True)
    return not _has_reversible_wavelet(head)


def _webp_chunks(head: bytes) -> Iterator[bytes]:
    """The types of a WebP's chunks (RFC 9649), an animation's frames opened."""
    position = 12
    for _ in range(_MARKERS):
        if position + 8 > len(head):
            return
        kind, length = struct.unpack_from("<4sI", head, position)
        yield kind
        position += 8 + (16 if kind == b"ANMF" else length + length % 2)


def _has_reversible_wavelet(head: bytes) -> bool:
    """Whether the main header of a code stream (ISO/IEC 15444-1, A.6.1) names the 5/3 wavelet."""
    position = head.find(_SOC_SIZ) + 2
    for _ in range(_MARKERS):
        if position + _WAVELET >= len(head):
            return False
        marker, length = struct.unpack_from(">HH", head, position)
        if marker == _COD:
            return head[position + _WAVELET] == 1
        position += 2 + length
    return False
