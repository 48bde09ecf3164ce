"""The EXIF block: its orientation taken out in place, its resolution, and its way into and out of TIFF tags.

A block is kept as the bytes it came in. Writing it anew would move what maker notes point at by offset.
"""

import re
import struct
from typing import Any, Final

from PIL import Image, TiffImagePlugin

from artifix.image.pillow import quiet_pillow

_ORIENTATION: Final = 0x0112
_X_RESOLUTION: Final = 282
_Y_RESOLUTION: Final = 283
_RESOLUTION_UNIT: Final = 296
_INCHES_PER_UNIT: Final = {2: 1.0, 3: 2.54}  # dots per inch, dots per centimetre
_SHORT: Final = 3

_EXIF_IFD: Final = 34665
_GPS_IFD: Final = 34853

# The tags of a TIFF's first directory that describe the photograph; the others describe the file.
_DESCRIPTIVE: Final = frozenset(
    {269, 270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095}
)

_XMP_ORIENTATION: Final = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])")


def take_orientation(exif: bytes) -> tuple[int | None, bytes]:
    """The orientation, 1..8, and the block with it set to 1; None where the block says none.

    A turned picture also lets go of its thumbnail (the second directory), which would now lie on its side.
    A block too broken to have an orientation comes back as it is.
    """
    block = bytearray(exif)
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(block[:2])]
        (directory,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
            if tag == _ORIENTATION and kind == _SHORT:
                struct.pack_into(order + "H", block, entry + 8, 1)
                if value not in range(2, 9):
                    return 1, bytes(block)
                struct.pack_into(order + "I", block, directory + 2 + 12 * count, 0)
                return value, bytes(block)
    except (KeyError, struct.error):
        pass
    return None, exif


def take_xmp_orientation(xmp: bytes) -> tuple[int | None, bytes]:
    """The orientation that an XMP packet says, 1..8, or None, and the packet with it set to 1."""
    said = _XMP_ORIENTATION.search(xmp)
    return (int(said[2]) if said else None), _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


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


def of_tiff(tags: Image.Exif) -> bytes | None:
    """An EXIF block made of the tags of a TIFF file that describe the photograph; None where there are none."""
    exif = Image.Exif()
    for tag, value in tiff_tags(tags).items():
        exif[tag] = value
    return exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else None


def tiff_tags(exif: bytes | Image.Exif) -> dict[int, Any]:
    """What of an EXIF block belongs into a TIFF's directory: tag -> value, a directory's value being such a dict."""
    tags = _load(exif) if isinstance(exif, bytes) else exif
    kept = {tag: value for tag, value in tags.items() if tag in _DESCRIPTIVE}
    for tag in (_EXIF_IFD, _GPS_IFD):
        if directory := dict(tags.get_ifd(tag)):
            kept[tag] = directory
    return kept


def _load(exif: bytes) -> Image.Exif:
    tags = Image.Exif()
    try:
        with quiet_pillow():
            tags.load(exif)
    except (SyntaxError, ValueError, struct.error):  # not a TIFF header, or broken beyond its header
        return Image.Exif()
    return tags
