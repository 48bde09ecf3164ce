"""HEIF and JPEG XL, which Pillow reads and writes by packages of their own, imported at the first such file."""

from importlib.util import find_spec
from typing import Final

from artifix.errors import needs_extra
from artifix.image.signature import SIGNATURE_BYTES, signature

EXTRAS: Final = {"HEIF": "heif", "JXL": "jxl"}
"""Pillow's name of a format -> the extra that brings it."""
_PACKAGES: Final = {"HEIF": "pillow_heif", "JXL": "pillow_jxl"}
_NAMES: Final = {"HEIF": "HEIC and HEIF", "JXL": "JPEG XL"}
HEAD: Final = SIGNATURE_BYTES
"""Bytes of a file by which these formats are known."""


def format_of(head: bytes) -> str | None:
    """The format that needs an extra, by Pillow's name, of a file that begins like this; None for every other."""
    format = signature(head)
    return format if format in EXTRAS else None


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
