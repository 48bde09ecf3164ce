"""The file formats: which are read, which are written, and what each can hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from artifix.errors import OutputError

# Pillow's names, in the order in which a file's content is tried. No other parser is ever reached.
READABLE: Final = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "GIF")


@dataclass(frozen=True)
class Format:
    """What a format that is written can hold."""

    name: str
    """As Pillow calls it."""
    suffixes: tuple[str, ...]
    max_side: int
    """The largest width and height, in pixels."""
    metadata: frozenset[str]
    """Which of `exif`, `icc`, `xmp` and `dpi` it carries."""
    alpha: bool = True
    sixteen_bits: bool = False
    default_quality: int | None = None
    """The encoder's quality, 1..100, where none is asked for; None: no loss by default."""
    quality_option: bool = False
    """Whether a quality can be asked for; a format without it is always lossless."""


_ALL: Final = frozenset({"exif", "icc", "xmp", "dpi"})
_JPEG_SUFFIXES: Final = (".jpg", ".jpeg", ".jfif", ".jpe")

FORMATS: Final = (
    # 95 with full chroma: a restored picture is a finished one, its colour edges are not to be halved again.
    Format("JPEG", _JPEG_SUFFIXES, 65_500, _ALL, alpha=False, default_quality=95, quality_option=True),
    Format("PNG", (".png",), 2**31 - 1, _ALL, sixteen_bits=True),
    Format("WEBP", (".webp",), 16_383, _ALL - {"dpi"}, quality_option=True),
    Format("TIFF", (".tif", ".tiff"), 2**31 - 1, _ALL, sixteen_bits=True),
    Format("BMP", (".bmp",), 2**31 - 1, frozenset({"dpi"}), alpha=False),
    # Pillow reaches AVIF through YCbCr, so even quality 100 is off by up to three grey levels.
    Format("AVIF", (".avif",), 65_536, _ALL - {"dpi"}, default_quality=95, quality_option=True),
    Format("JPEG2000", (".jp2",), 2**31 - 1, _ALL),
)

_BY_SUFFIX: Final = {suffix: format for format in FORMATS for suffix in format.suffixes}

WRITABLE_SUFFIXES: Final = tuple(_BY_SUFFIX)
READABLE_SUFFIXES: Final = (*WRITABLE_SUFFIXES, ".gif", ".j2k", ".jpf", ".jpx")


def output_format(path: Path) -> Format:
    """The format that the path's suffix stands for; OutputError, naming the known ones, for any other."""
    try:
        return _BY_SUFFIX[path.suffix.lower()]
    except KeyError:
        known = ", ".join(WRITABLE_SUFFIXES)
        raise OutputError(f"{path}: unknown output suffix {path.suffix!r}, expected one of {known}") from None
