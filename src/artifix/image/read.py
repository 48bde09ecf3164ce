"""Read a picture file: its pixels as they were stored, upright, and what is kept beside them."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, Jpeg2KImagePlugin, JpegImagePlugin, TiffImagePlugin

from artifix.errors import ImageError
from artifix.image import exif as exif_block
from artifix.image import jp2, sixteen
from artifix.image.jpeg import quantisation_tables, subsampling
from artifix.image.lossy import is_lossy
from artifix.image.picture import Metadata, Picture, Pixels, Space, to_uint8
from artifix.image.pillow import MAX_PIXELS, opened
from artifix.image.turn import upright

# What Pillow's 8-bit modes become, palettes apart. Others (32-bit integers, floating point, CIELAB) are refused.
_CONVERTED: Final = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBX": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}


def read_picture(path: str | Path, *, max_pixels: int = MAX_PIXELS, ycbcr: bool = True) -> Picture:
    """The (first) picture of a file, with all that must survive its restoration.

    The format is told by the content, not the suffix. A colour JPEG stays in its own YCbCr, unless `ycbcr` is False,
    grey stays grey, 16-bit PNG and TIFF keep 16 bits; palettes become RGB, CMYK becomes sRGB (by its profile where it
    has one), and AVIF and JPEG 2000 colour deeper than 8 bits comes in 8.

    ImageError, one line naming the file, for what cannot be read, is broken or truncated, or holds more than
    `max_pixels` pixels, which is known before anything is decoded.
    """
    return _read(Path(path), max_pixels, keep_ycbcr=ycbcr)


def read_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The (first) picture of a file as uint8 RGB (H, W, 3) or grey (H, W), upright, without its alpha.

    ImageError as in `read_picture`.
    """
    return to_uint8(_read(Path(path), max_pixels, keep_ycbcr=False).pixels)


def _read(path: Path, max_pixels: int, *, keep_ycbcr: bool) -> Picture:
    with opened(path, max_pixels) as file:
        if reason := sixteen.unsupported(file):
            raise ImageError(f"{path}: {reason}")
        frames = getattr(file, "n_frames", 1)
        deep = sixteen.is_deep(file)
        keep_ycbcr = keep_ycbcr and _stores_ycbcr(file)
        if keep_ycbcr:
            file.draft("YCbCr", None)
        file.load()
        metadata = _metadata(path, file)  # after loading: some formats have it behind the pixels
        orientation, metadata = _take_orientation(metadata)
        if isinstance(file, TiffImagePlugin.TiffImageFile):
            orientation = 1  # Pillow turns these itself
        if not deep:
            values = upright(file, orientation, _unpacker(path, file, keep_ycbcr=keep_ycbcr))
        transparent = file.info.get("transparency")
        tables, sampled = quantisation_tables(file), subsampling(file)
        name = "JPEG" if file.format == "MPO" else file.format or ""
        lossy = is_lossy(path, name)
    if deep:
        values = sixteen.read_deep(path, max_pixels, orientation)
    pixels, alpha = _split(values, transparent if deep else None)
    space: Space = "L" if pixels.ndim == 2 else "YCbCr" if keep_ycbcr else "RGB"
    if metadata.icc and not _profile_fits(metadata.icc, grey=space == "L"):
        metadata = metadata._replace(icc=None)
    return Picture(pixels, space, alpha, name, metadata, frames, tables, sampled, orientation, lossy)


def _stores_ycbcr(file: ImageFile.ImageFile) -> bool:
    """Whether the file is a JPEG of YCbCr; a few hold RGB as it is, marked by Adobe or by their components' names."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile) or file.mode != "RGB":
        return False
    names = bytes(component[0] for component in file.layer)
    return "jfif" in file.info or (file.info.get("adobe_transform") != 0 and names != b"RGB")


def _metadata(path: Path, file: ImageFile.ImageFile) -> Metadata:
    """What lies beside the pixels, as the file has it."""
    info = file.info
    dpi = (
        (float(info["dpi"][0]), float(info["dpi"][1]))
        if all(0 < d < float("inf") for d in info.get("dpi", (0,)))
        else None
    )
    if isinstance(file, Jpeg2KImagePlugin.Jpeg2KImageFile):
        return jp2.read_metadata(path.read_bytes())._replace(dpi=dpi)
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        dpi = dpi if TiffImagePlugin.X_RESOLUTION in file.tag_v2 else None  # Pillow then says 1
        exif = exif_block.of_tiff(file.getexif())
    elif "exif" in info:
        exif = info["exif"]
    else:
        exif = _raw_profile(info.get("Raw profile type exif", ""))
    exif = re.sub(rb"^(Exif\0\0)+", b"", exif or b"")
    if not exif.startswith((b"II*\0", b"MM\0*")) or len(exif) < 8:
        exif = None
    else:
        dpi = dpi or exif_block.resolution(exif)
    xmp = info.get("xmp")
    return Metadata(exif, info.get("icc_profile") or None, xmp if isinstance(xmp, bytes) else None, dpi)


def _take_orientation(metadata: Metadata) -> tuple[int, Metadata]:
    """The orientation, EXIF's or else XMP's, 1..8, and the metadata with it set to 1."""
    orientation = None
    if metadata.xmp:
        orientation, xmp = exif_block.take_xmp_orientation(metadata.xmp)
        metadata = metadata._replace(xmp=xmp)
    if metadata.exif:
        by_exif, exif = exif_block.take_orientation(metadata.exif)
        orientation = by_exif or orientation
        metadata = metadata._replace(exif=exif)
    return orientation or 1, metadata


def _raw_profile(text: str) -> bytes | None:
    """The bytes of ImageMagick's way to put EXIF into a PNG: a name, a length and hexadecimal digits."""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:])) or None
    except ValueError:
        return None


def _unpacker(path: Path, file: ImageFile.ImageFile, *, keep_ycbcr: bool) -> Callable[[Image.Image], NDArray[np.uint8]]:
    """What makes an array of 8-bit L, LA, RGB, RGBA or, from a JPEG, YCbCr out of a band of the loaded file."""
    if keep_ycbcr:
        return np.asarray
    if file.mode == "CMYK" and (transform := _cmyk_to_srgb(file.info.get("icc_profile"))):
        return lambda band: np.asarray(ImageCms.applyTransform(band, transform))
    if file.mode == "P":
        mode = "L" if _is_grey(file.getpalette() or []) else "RGB"
    elif file.mode in _CONVERTED:
        mode = _CONVERTED[file.mode]
    else:
        raise ImageError(f"{path}: pixels of the kind {file.mode!r} are not supported")
    if "transparency" in file.info and mode in ("L", "RGB"):
        mode += "A"
    return lambda band: np.asarray(band.convert(mode))


def _is_grey(palette: list[int]) -> bool:
    return palette[0::3] == palette[1::3] == palette[2::3]


def _cmyk_to_srgb(profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    if not profile or profile[16:20] != b"CMYK":
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
    except ImageCms.PyCMSError:  # a broken profile is as good as none
        return None


def _profile_fits(profile: bytes, *, grey: bool) -> bool:
    """Whether a profile's own colour space (ICC.1, 7.2.6) is the pixels': CMYK's and a palette's need not be."""
    return profile[16:20] == b"RGB " or (grey and profile[16:20] == b"GRAY")


def _split(values: Pixels, transparent: int | tuple[int, ...] | None) -> tuple[Pixels, Pixels | None]:
    """(H, W, C) values as pixels, (H, W) or (H, W, 3), and alpha; all but the colour `transparent` is opaque."""
    channels = values.shape[2]
    pixels = values[..., 0] if channels < 3 else values[..., :3]
    if channels in (2, 4):
        return np.ascontiguousarray(pixels), np.ascontiguousarray(values[..., -1])
    if transparent is None:
        return pixels, None
    opaque = (values != np.asarray(transparent, values.dtype)).any(axis=2)
    return pixels, opaque * np.asarray(np.iinfo(values.dtype).max, values.dtype)
