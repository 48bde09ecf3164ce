"""Write a TIFF of any depth, deflated with the horizontal predictor (what Photoshop calls ZIP), EXIF in its tags."""

import struct
import zlib
from typing import BinaryIO, Final

import numpy as np
from PIL import ExifTags, TiffImagePlugin, TiffTags

from artifix.image import exif as exif_block
from artifix.image.directories import Directories
from artifix.image.metadata import Metadata
from artifix.image.picture import Picture, Pixels, bands, channels_of, interleaved

# Tags and values of TIFF 6.0; ADOBE_DEFLATE and the ICC profile's are of its supplements.
_ADOBE_DEFLATE: Final = 8
_BLACK_IS_ZERO, _RGB, _SEPARATED = 1, 2, 5
_HORIZONTAL: Final = 2
_UNASSOCIATED_ALPHA: Final = 2
_NO_UNIT, _INCH = 1, 2
_FIRST: Final = 8  # where the first directory stands
PHOTOSHOP: Final = 34377
"""The tag of Photoshop's image resources."""
IPTC: Final = 33723
"""The tag of IPTC's records alone."""
_XMP: Final = 700
_ICC_PROFILE: Final = 34675


def write_tiff(file: BinaryIO, picture: Picture, metadata: Metadata, previous: int = 0) -> int:
    """Write the picture, 8 or 16 bits, grey, RGB or CMYK, with its alpha, and the metadata.

    What it returns is where the offset of a next page belongs; with that as `previous`, the picture becomes that page.
    The file must be readable.
    """
    height, width = picture.pixels.shape[:2]
    strips = [_compressed(interleaved(picture, rows)) for rows in bands(height, width)]
    lengths = [len(strip) for strip in strips]
    channels = channels_of(picture)
    kind = _BLACK_IS_ZERO if picture.pixels.ndim == 2 else _RGB if picture.black is None else _SEPARATED

    tags = TiffImagePlugin.ImageFileDirectory_v2()  # little endian
    for tag, value in exif_block.tiff_tags(metadata.exif or b"")[0].items():
        tags[tag] = value
    tags[ExifTags.Base.Orientation] = 1
    tags[TiffImagePlugin.IMAGEWIDTH] = width
    tags[TiffImagePlugin.IMAGELENGTH] = height
    tags[TiffImagePlugin.BITSPERSAMPLE] = (8 * picture.pixels.itemsize,) * channels
    tags[TiffImagePlugin.COMPRESSION] = _ADOBE_DEFLATE
    tags[TiffImagePlugin.PREDICTOR] = _HORIZONTAL
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = kind
    tags[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    tags[TiffImagePlugin.ROWSPERSTRIP] = next(bands(height, width)).stop
    # From the end of the directory on; the directory adds its own length. More than two bytes, as the sum may be.
    tags[TiffImagePlugin.STRIPOFFSETS] = tuple(np.cumsum([0, *lengths[:-1]]).tolist())
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = tuple(lengths)
    for tag in (TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.STRIPBYTECOUNTS):
        tags.tagtype[tag] = TiffTags.LONG
    if picture.alpha is not None:
        tags[TiffImagePlugin.EXTRASAMPLES] = _UNASSOCIATED_ALPHA
    if metadata.dpi:
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = metadata.dpi
        tags[TiffImagePlugin.RESOLUTION_UNIT] = _INCH
    elif metadata.density:
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = metadata.density
        tags[TiffImagePlugin.RESOLUTION_UNIT] = _NO_UNIT
    if metadata.iptc:
        tags[PHOTOSHOP] = metadata.iptc
        tags.tagtype[PHOTOSHOP] = TiffTags.BYTE
    if metadata.icc:
        tags[_ICC_PROFILE] = metadata.icc
    if metadata.xmp:
        tags[_XMP] = metadata.xmp
    start = _FIRST
    if previous:
        start = file.seek(0, 2)
        file.write(tags.tobytes(start))
    else:
        tags.save(file)
    file.writelines(strips)
    file.write(bytes(file.tell() % 2))  # a directory begins at an even offset
    directories = Directories(file)
    next_place = directories.at(start).next_place
    if previous:
        file.seek(previous)
        file.write(struct.pack("<I", start))
    file.seek(0, 2)
    return next_place


def _compressed(band: Pixels) -> bytes:
    differences = band.copy()
    differences[:, 1:] -= band[:, :-1]  # modulo 2^8 or 2^16, as the format wants it
    return zlib.compress(differences.astype(band.dtype.newbyteorder("<"), copy=False).data)
