"""Collect what lies beside the pixels of an open file, and name what is there but not kept."""

import re
import struct
from pathlib import Path
from typing import Any, Final

from PIL import ImageFile, Jpeg2KImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from artifix.image import attached, avif, gif, heif, jp2, jpeg_metadata, jxl, photoshop, png_metadata, tiff, xmp
from artifix.image import exif as exif_block
from artifix.image.metadata import Metadata, Text
from artifix.image.segments import Structure, mapped
from artifix.printable import counted

_DEEP: Final = 16  # bits of a sample
_NO_UNIT: Final = 1  # of a TIFF's resolution
# Tags of a TIFF that are read elsewhere, or are about the coding of the old pixels.
_KNOWN_TAGS: Final = (
    frozenset({254, 255, 256, 257, 258, 259, 262, 263, 266, 269, 270, 271, 272, 273, 274, 277, 278, 279, 280, 281})
    | {282, 283, 284, 290, 291, 292, 293, 296, 297, 301, 305, 306, 315, 316, 317, 318, 319, 320, 322, 323, 324, 325}
    | {332, 338, 339, 340, 341, 347, 529, 530, 531, 532, 700, tiff.IPTC, tiff.PHOTOSHOP, 34665, 34675, 34853}
)
_TAG_NAMES: Final = {330: "further pictures (SubIFDs)", 37724: "Photoshop's layers"}
_SHOWN: Final = 5  # tags in one note


def collect(
    path: Path, file: ImageFile.ImageFile, structure: Structure | None
) -> tuple[int, Metadata, tuple[str, ...]]:
    """The orientation, 1..8, the metadata without it, and a phrase for each thing that is left out.

    The file's pixels have been decoded: some formats have metadata behind them. `structure` is that of a JPEG.
    ValueError for a file that holds more than is read.
    """
    metadata, notes = _of_format(path, file, structure)
    orientation, metadata = _take_orientation(metadata)
    if metadata.exif:
        had_thumbnail, exif = exif_block.take_thumbnail(metadata.exif)
        metadata = metadata._replace(exif=exif)
        notes += ("the EXIF thumbnail is left out",) if had_thumbnail else ()
    fitting = attached.kept(metadata, turned=orientation != 1)
    gone = {part.kind for part in metadata.attached} - {part.kind for part in fitting.attached}
    notes += tuple(f"{attached.NAMES[kind]} {'are' if kind == 'picture' else 'is'} left out" for kind in sorted(gone))
    return orientation, fitting, notes


def _of_format(path: Path, file: ImageFile.ImageFile, structure: Structure | None) -> tuple[Metadata, tuple[str, ...]]:
    """What lies beside the pixels, as the file has it."""
    info = file.info
    notes: tuple[str, ...] = ()
    found = Metadata()
    if isinstance(file, Jpeg2KImagePlugin.Jpeg2KImageFile):
        content = path.read_bytes()
        deeper = file.mode != "I;16" and jp2.depth_of(content) > 8
        notes = ("more than 8 bits become 8",) if deeper else ()
        return jp2.read_metadata(content)._replace(dpi=_dpi(file)), notes
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        found, notes = _of_tiff(file)
    elif isinstance(file, PngImagePlugin.PngImageFile):
        with path.open("rb") as stream:
            found, notes = png_metadata.read_metadata(stream)
    elif isinstance(file, JpegImagePlugin.JpegImageFile) and structure:
        with path.open("rb") as stream, mapped(stream) as data:
            found, notes = jpeg_metadata.read_metadata(file, data, structure)
    elif file.format == "HEIF":
        found, notes = heif.read_metadata(path, file)
    elif file.format == "AVIF":
        with path.open("rb") as stream:
            found, notes = avif.read_metadata(stream)
    elif file.format == "JXL":
        with path.open("rb") as stream:
            found, notes = jxl.read_metadata(stream)
    elif file.format == "GIF":
        found = _of_gif(path, info.get("comment"))
    exif, packet = found.exif or info.get("exif"), info.get("xmp") or found.xmp
    if isinstance(file, PngImagePlugin.PngImageFile):
        exif = exif or _raw_profile(info, "exif") or _raw_profile(info, "APP1")
        packet = packet or _raw_profile(info, "xmp")
    exif = re.sub(rb"^(Exif\0\0)+", b"", exif or b"")
    if not exif.startswith((b"II*\0", b"MM\0*")) or len(exif) < 8:
        exif = None
    dpi = _dpi(file) or (exif_block.resolution(exif) if exif and not found.density else None)
    icc = info.get("icc_profile") or None
    if icc and file.format == "JXL" and jxl.is_srgb(icc):
        icc = None
    return found._replace(exif=exif, icc=icc, xmp=packet if isinstance(packet, bytes) else None, dpi=dpi), notes


def _of_gif(path: Path, comment: Any) -> Metadata:
    text = comment.decode(errors="surrogateescape") if isinstance(comment, bytes) else ""
    texts = (Text(gif.COMMENT, text),) if text else ()
    return Metadata(xmp=gif.read_xmp(path.read_bytes()), texts=texts)


def _of_tiff(file: TiffImagePlugin.TiffImageFile) -> tuple[Metadata, tuple[str, ...]]:
    tags = file.tag_v2
    exif, broken = exif_block.of_tiff(file.getexif())
    notes = [f"{broken} broken EXIF {'tag is' if broken == 1 else 'tags are'} left out"] if broken else []
    if (more := tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1) - len(file.getbands())) > 0:
        notes.append(f"{counted(more, 'further channel')} {'is' if more == 1 else 'are'} left out")
    if file.mode == "CMYK" and _DEEP in tags.get(TiffImagePlugin.BITSPERSAMPLE, ()):
        notes.append("16 bits become 8")
    unknown = [tag for tag in tags if tag not in _KNOWN_TAGS and tag not in exif_block.DESCRIPTIVE]
    notes += [f"{name} are left out" for tag, name in _TAG_NAMES.items() if tag in unknown]
    if numbers := [f"TIFF tag {tag}" for tag in sorted(unknown) if tag not in _TAG_NAMES]:
        more = (
            f" and {len(numbers) - _SHOWN} more are"
            if len(numbers) > _SHOWN
            else " is"
            if len(numbers) == 1
            else " are"
        )
        notes.append(f"{', '.join(numbers[:_SHOWN])}{more} left out")
    resources = _bytes(file, tiff.PHOTOSHOP)
    if not resources and (records := _bytes(file, tiff.IPTC)):
        resources = photoshop.of_iptc(records)
    return Metadata(exif=exif, iptc=photoshop.kept(resources), density=_density(tags)), tuple(notes)


def _bytes(file: TiffImagePlugin.TiffImageFile, tag: int) -> bytes:
    """A tag's bytes, which some writers declare to be numbers of four."""
    try:
        value = file.tag_v2.get(tag, b"")
    except Exception:  # whatever Pillow's parser makes of a broken one
        return b""
    if isinstance(value, tuple) and all(isinstance(number, int) and 0 <= number < 2**32 for number in value):
        order = "<" if file.tag_v2.prefix == b"II" else ">"
        return struct.pack(f"{order}{len(value)}I", *value)
    return value if isinstance(value, bytes) else b""


def _density(tags: TiffImagePlugin.ImageFileDirectory_v2) -> tuple[int, int] | None:
    """The density of pixels that are not square, where it has no unit."""
    if tags.get(TiffImagePlugin.RESOLUTION_UNIT) != _NO_UNIT:
        return None
    try:
        across, down = (round(float(tags[tag])) for tag in (TiffImagePlugin.X_RESOLUTION, TiffImagePlugin.Y_RESOLUTION))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (across, down) if across != down and min(across, down) > 0 else None


def _dpi(file: ImageFile.ImageFile) -> tuple[float, float] | None:
    if isinstance(file, TiffImagePlugin.TiffImageFile) and (
        TiffImagePlugin.X_RESOLUTION not in file.tag_v2  # Pillow then says 1
        or file.tag_v2.get(TiffImagePlugin.RESOLUTION_UNIT) == _NO_UNIT
    ):
        return None
    dpi = file.info.get("dpi", (0, 0))
    return (float(dpi[0]), float(dpi[1])) if all(0 < d < float("inf") for d in dpi) else None


def _take_orientation(metadata: Metadata) -> tuple[int, Metadata]:
    """The orientation, EXIF's or else XMP's, 1..8, and the metadata with it set to 1."""
    orientation = None
    if metadata.xmp:
        orientation, packet = xmp.take_orientation(metadata.xmp)
        metadata = metadata._replace(xmp=packet)
    if metadata.exif:
        by_exif, exif = exif_block.take_orientation(metadata.exif)
        orientation = by_exif or orientation
        metadata = metadata._replace(exif=exif)
    return orientation or 1, metadata


def _raw_profile(info: dict[str | tuple[int, int], object], name: str) -> bytes | None:
    """The bytes of a profile that ImageMagick put into a PNG's text."""
    text = info.get(f"Raw profile type {name}")
    return png_metadata.raw_profile(text) if isinstance(text, str) else None
