"""The EXIF block: its orientation and thumbnail taken out in place, its resolution, and its way in and out of TIFF.

A block is kept as the bytes it came in. Writing it anew would move what maker notes point at by offset.
"""

import struct
from collections.abc import Collection, Mapping
from typing import Any, Final

from PIL import Image, TiffImagePlugin

from artifix.image.directories import SHORT, Directories
from artifix.image.pillow import quiet_pillow

_ORIENTATION: Final = 0x0112
_X_RESOLUTION: Final = 282
_Y_RESOLUTION: Final = 283
_RESOLUTION_UNIT: Final = 296
_INCHES_PER_UNIT: Final = {2: 1.0, 3: 2.54}  # dots per inch, dots per centimetre
_THUMBNAIL: Final = 513
_THUMBNAIL_BYTES: Final = 514

_EXIF_IFD: Final = 34665
_GPS_IFD: Final = 34853

DESCRIPTIVE: Final = frozenset(
    {269, 270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
    | {33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113}
)
"""The tags of a TIFF's first directory that describe the photograph, GeoTIFF's and GDAL's among them."""


def take_orientation(exif: bytes) -> tuple[int | None, bytes]:
    """The orientation, 1..8, and the block with it set to 1; None where the block says none.

    A block too broken to have an orientation comes back as it is.
    """
    block = bytearray(exif)
    try:
        directories = Directories(exif)
        for entry in directories.at(directories.first).entries:
            if entry.tag == _ORIENTATION and entry.kind == SHORT:
                value = directories.number(entry.place, "H")
                struct.pack_into(directories.order + "H", block, entry.place, 1)
                return (value if value in range(1, 9) else 1), bytes(block)
    except ValueError:
        pass
    return None, exif


def take_thumbnail(exif: bytes) -> tuple[bool, bytes]:
    """Whether the block has a thumbnail (its second directory), and the block without it.

    A thumbnail would go on showing the picture as it was. Its bytes become zeros, or go if they are the last ones.
    """
    block = bytearray(exif)
    try:
        directories = Directories(exif)
        first = directories.at(directories.first)
        if not first.next:
            return False, exif
        struct.pack_into(directories.order + "I", block, first.next_place, 0)
        entries = {entry.tag: entry for entry in directories.at(first.next).entries}
        start, size = directories.value(entries[_THUMBNAIL]), directories.value(entries[_THUMBNAIL_BYTES])
        if first.next < start <= start + size <= len(block):
            block[start : start + size] = b"" if start + size == len(block) else bytes(size)
    except (ValueError, KeyError):  # no thumbnail that a reader would find
        pass
    return bytes(block) != exif, bytes(block)


def resolution(exif: bytes) -> tuple[float, float] | None:
    """Horizontal and vertical resolution in pixels per inch, where the block has them."""
    tags = _load(exif)
    try:
        inches = _INCHES_PER_UNIT[int(tags.get(_RESOLUTION_UNIT, 2))]
        x, y = float(tags[_X_RESOLUTION]) * inches, float(tags[_Y_RESOLUTION]) * inches
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < float("inf") and 0 < y < float("inf") else None


def of_resolution(dpi: tuple[float, float]) -> bytes:
    """A block that says nothing but the resolution, for formats that have no other place for it."""
    exif = Image.Exif()
    exif[_X_RESOLUTION], exif[_Y_RESOLUTION] = (TiffImagePlugin.IFDRational(round(d * 1000), 1000) for d in dpi)
    exif[_RESOLUTION_UNIT] = 2
    return exif.tobytes().removeprefix(b"Exif\0\0")


def of_tiff(tags: Image.Exif) -> tuple[bytes | None, int]:
    """An EXIF block made of the tags of a TIFF file that describe the photograph, None where there are none.

    The number is that of the tags that are left out because they are broken.
    """
    exif = Image.Exif()
    kept, broken = tiff_tags(tags)
    for tag, value in kept.items():
        exif[tag] = value
    return (exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else None), broken


def tiff_tags(exif: bytes | Image.Exif) -> tuple[dict[int, Any], int]:
    """What of an EXIF block belongs into a TIFF's directory: tag -> value, a directory's value being such a dict.

    The number is that of the tags that are left out because they are broken.
    """
    with quiet_pillow():
        tags = _load(exif) if isinstance(exif, bytes) else exif
        kept, broken = _sound(tags, [tag for tag in tags if tag in DESCRIPTIVE])
        for tag in (_EXIF_IFD, _GPS_IFD):
            try:
                directory = dict(tags.get_ifd(tag))
            except Exception:  # whatever Pillow's parser makes of a broken one
                broken += 1
                continue
            directory, more = _sound(directory, directory)
            broken += more
            if directory:
                kept[tag] = directory
    return kept, broken


def has_tags(exif: bytes) -> bool:
    """Whether the block has tags that can be read; a broken one has none."""
    return len(_load(exif)) > 0


def is_sound(exif: bytes) -> bool:
    """Whether Pillow can load the block and write it anew."""
    try:
        with quiet_pillow():
            tags = Image.Exif()
            tags.load(exif)
            tags.tobytes()
    except Exception:  # whatever Pillow's parser makes of a broken one
        return False
    return True


def _sound(tags: Mapping[int, Any], wanted: Collection[int]) -> tuple[dict[int, Any], int]:
    """The wanted tags that can be read and written, and the number of those that cannot."""
    kept = {}
    for tag in wanted:
        directory = TiffImagePlugin.ImageFileDirectory_v2()
        try:
            directory[tag] = tags[tag]
            directory.tobytes()
        except Exception:  # a value of the wrong type or range, by whichever error Pillow happens to meet
            continue
        kept[tag] = tags[tag]
    return kept, len(wanted) - len(kept)


def _load(exif: bytes) -> Image.Exif:
    """The block's tags; none of a block that is broken, or whose tags would take more memory than it has bytes."""
    tags = Image.Exif()
    try:
        directories = Directories(exif)
        first = directories.at(directories.first)
        directories.check(first, len(exif))
        for entry in first.entries:
            if entry.tag in (_EXIF_IFD, _GPS_IFD):
                directories.check(directories.at(directories.value(entry)), len(exif))
        with quiet_pillow():
            tags.load(exif)
    except (SyntaxError, ValueError, KeyError, struct.error):  # no TIFF header, or broken beyond its header
        return Image.Exif()
    return tags
