"""The file formats: which are read, which are written, and what each can hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from artifix.errors import OutputError
from artifix.image.extras import EXTRAS, is_installed, register

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
    """Which fields of `Metadata` it carries."""
    alpha: bool = True
    cmyk: bool = False
    """Whether it holds the four inks of print."""
    bits: int = 8
    """The most bits of a channel that it keeps."""
    default_quality: int | None = None
    """The encoder's quality, 1..100, where none is asked for; None: no loss by default."""
    quality_option: bool = False
    """Whether a quality can be asked for; a format without it is always lossless."""


_ALL: Final = frozenset({"exif", "icc", "xmp", "dpi"})
_JPEG_SUFFIXES: Final = (".jpg", ".jpeg", ".jfif", ".jpe")
_JPEG: Final = frozenset({"density", "extended_xmp", "iptc", "texts", "segments", "mpf", "attached"})
_PNG: Final = frozenset({"density", "iptc", "texts", "cicp", "chroma", "chunks"})
_HEIF: Final = frozenset({"exif", "icc", "xmp", "cicp"})

FORMATS: Final = (
    # 95 with full chroma: a restored picture is a finished one, its colour edges are not to be halved again.
    Format(
        "JPEG", _JPEG_SUFFIXES, 65_500, _ALL | _JPEG, alpha=False, cmyk=True, default_quality=95, quality_option=True
    ),
    Format("PNG", (".png",), 2**31 - 1, _ALL | _PNG, bits=16),
    Format("WEBP", (".webp",), 16_383, _ALL - {"dpi"}, quality_option=True),
    Format("TIFF", (".tif", ".tiff"), 2**31 - 1, _ALL | {"density", "iptc"}, cmyk=True, bits=16),
    Format("BMP", (".bmp",), 2**31 - 1, frozenset({"dpi"}), alpha=False),
    # Pillow reaches AVIF through YCbCr, so even quality 100 is off by up to three grey levels.
    Format("AVIF", (".avif",), 65_536, _ALL - {"dpi"}, default_quality=95, quality_option=True),
    Format("GIF", (".gif",), 65_535, frozenset({"xmp", "texts"})),
    Format("JPEG2000", (".jp2",), 2**31 - 1, _ALL | {"iptc"}),
)

# Those that need an extra: whoever lists formats lists them apart.
EXTRA_FORMATS: Final = (
    Format("HEIF", (".heic", ".heif"), 16_384, _HEIF, bits=10, default_quality=95, quality_option=True),
    # Its package takes no profile.
    Format("JXL", (".jxl",), 2**30 - 1, frozenset({"exif", "xmp"}), quality_option=True),
)

_BY_SUFFIX: Final = {suffix: format for format in (*FORMATS, *EXTRA_FORMATS) for suffix in format.suffixes}

WRITABLE_SUFFIXES: Final = tuple(suffix for suffix, format in _BY_SUFFIX.items() if is_installed(format.name))
READABLE_SUFFIXES: Final = (*WRITABLE_SUFFIXES, ".j2k", ".jpf", ".jpx")


def output_format(path: Path) -> Format:
    """The format that the path's suffix stands for; OutputError for one that is not known or whose extra is missing."""
    try:
        format = _BY_SUFFIX[path.suffix.lower()]
    except KeyError:
        known = ", ".join(WRITABLE_SUFFIXES)
        raise OutputError(f"{path}: unknown output suffix {path.suffix!r}, expected one of {known}") from None
    if format.name in EXTRAS and (reason := register(format.name)):
        raise OutputError(f"{path}: {reason}")
    return format


def extra_for(path: Path) -> str | None:
    """The extra that a file's suffix calls for and that is not installed, such as `heif` for a .heic file."""
    format = _BY_SUFFIX.get(path.suffix.lower())
    return None if format is None or is_installed(format.name) else EXTRAS[format.name]
