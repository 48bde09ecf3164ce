"""A file's format by its first bytes, its signature, whatever the file is called."""

from pathlib import Path
from typing import Final

SIGNATURE_BYTES: Final = 64
"""How many of a file's first bytes `signature` looks at."""

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"\xff\x0a", "JXL"),
)
_HEIF_BRANDS: Final = tuple(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())
_BMP_HEADERS: Final = (12, 40, 52, 56, 64, 108, 124)  # bytes of the header after the first 14


def signature(head: bytes) -> str:
    """The format that a file's first bytes stand for, by Pillow's name HEIF and JXL among them; empty if unknown.

    An MPO is a JPEG here. A TIFF may be a camera's raw file, most of which begin as TIFFs do.
    """
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":  # ISO/IEC 14496-12: the size of the box, its type, the brand, its version, others
        brands = {head[8:12]} | {head[at : at + 4] for at in range(16, min(len(head), _box_size(head)), 4)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        return "HEIF" if head[8:12] in _HEIF_BRANDS else ""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return ""


def signature_of(path: Path) -> str:
    """The same of a file. OSError if it cannot be read."""
    with path.open("rb") as file:
        return signature(file.read(SIGNATURE_BYTES))


def _box_size(head: bytes) -> int:
    return int.from_bytes(head[:4], "big")
