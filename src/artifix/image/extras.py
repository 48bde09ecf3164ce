"""HEIF and JPEG XL, which Pillow reads and writes by packages of their own, imported at the first such file."""

from importlib.util import find_spec
from typing import Final

from artifix.errors import needs_extra

EXTRAS: Final = {"HEIF": "heif", "JXL": "jxl"}
"""Pillow's name of a format -> the extra that brings it."""
_PACKAGES: Final = {"HEIF": "pillow_heif", "JXL": "pillow_jxl"}
_NAMES: Final = {"HEIF": "HEIC and HEIF", "JXL": "JPEG XL"}
_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_ANY_CODING: Final = (b"mif1", b"msf1")  # brands that leave the coding to the brands behind them
_AVIF_BRANDS: Final = (b"avif", b"avis")
_JXL: Final = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
HEAD: Final = 64
"""Bytes of a file by which these formats are known."""


def format_of(head: bytes) -> str | None:
    """The format that needs an extra, by Pillow's name, of a file that begins like this; None for every other."""
    if head.startswith(_JXL):
        return "JXL"
    if head[4:8] != b"ftyp":
        return None
    brands = [head[at : at + 4] for at in (8, *range(16, min(int.from_bytes(head[:4]), HEAD) - 3, 4))]
    if brands[0] in _HEIF_BRANDS or (brands[0] in _ANY_CODING and not set(brands) & set(_AVIF_BRANDS)):
        return "HEIF"
    return None


def is_installed(format: str) -> bool:
    """Whether the packages of a format are there; nothing is imported."""
    return format not in EXTRAS or find_spec(_PACKAGES[format]) is not None


def register(format: str) -> str | None:
    """Have Pillow read and write a format from now on; the line to show if its extra is not installed."""
    try:
        if format == "HEIF":
            import pillow_heif

            pillow_heif.register_heif_opener()
        elif format == "JXL":
            import pillow_jxl  # noqa: F401
    except ImportError as error:
        return needs_extra(_NAMES[format], EXTRAS[format], error)
    return None
