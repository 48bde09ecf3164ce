"""Read a picture file: its pixels as they were stored, upright, and what is kept beside them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin, TiffImagePlugin

from artifix.errors import ImageError
from artifix.image import child, ending, heif, large, sixteen
from artifix.image.child import Check
from artifix.image.collect import collect
from artifix.image.directories import Directories
from artifix.image.jpeg import coefficients_of, quantisation_tables, stores_ycbcr, subsampling
from artifix.image.lossy import is_lossy
from artifix.image.metadata import Metadata
from artifix.image.picture import Picture, Pixels, Space, bands, to_uint8
from artifix.image.pillow import MAX_PIXELS, opened, promised_pixels
from artifix.image.segments import Structure, mapped, structure_of
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


def read_picture(
    path: str | Path,
    *,
    max_pixels: int = MAX_PIXELS,
    ycbcr: bool = True,
    cmyk: bool = False,
    salvage: bool = False,
    frame: int = 0,
    coefficients: bool = True,
    check: Check = lambda: None,
) -> Picture:
    """One picture of a file, the first unless `frame` is another, with all that must survive its restoration.

    The format is told by the content, not the suffix. A colour JPEG stays in its own YCbCr, unless `ycbcr` is False,
    grey stays grey, 16-bit PNG and TIFF keep 16 bits; palettes become RGB, CMYK becomes sRGB (by its profile where it
    has one) unless `cmyk` keeps it, and AVIF and JPEG 2000 colour deeper than 8 bits comes in 8. Without `coefficients`
    those of a JPEG are not read, which takes about as long as to decode it; a JPEG without an end has none.

    The picture's `notes` say what of the file did not come with it. A JPEG that has all of its pixels and only lacks
    its end marker is read, and that is a note; with `salvage`, one that was cut off earlier is read as far as it goes.

    ImageError, one line naming the file, for what cannot be read, is broken or truncated, or holds more than
    `max_pixels` pixels, which is known before anything is decoded. `check` is called while a child process decodes
    (`decoding_in_children`), and may raise to end that.
    """
    path = Path(path)
    wanted: dict[str, Any] = {"keep_ycbcr": ycbcr, "keep_cmyk": cmyk, "salvage": salvage, "frame": frame}
    wanted["coefficients"] = coefficients and frame == 0
    if child.is_wanted() and child.is_much(path, pixels := promised_pixels(path, max_pixels)):
        picture: Picture = child.call(path, child.allowance_for(pixels), check, _read, path, max_pixels, **wanted)
        return picture
    return _read(path, max_pixels, **wanted)


def read_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The (first) picture of a file as uint8 RGB (H, W, 3) or grey (H, W), upright, without its alpha.

    ImageError as in `read_picture`.
    """
    return to_uint8(_read(Path(path), max_pixels, keep_ycbcr=False, coefficients=False).pixels)


def _read(
    path: Path,
    max_pixels: int,
    *,
    keep_ycbcr: bool,
    coefficients: bool,
    keep_cmyk: bool = False,
    salvage: bool = False,
    content: bytes | None = None,
    frame: int = 0,
) -> Picture:
    """Read a file, its pixels from `content` where that is given: those of a JPEG with an end."""
    notes: tuple[str, ...] = ()
    with opened(path, max_pixels, content, frame) as file:
        if reason := sixteen.unsupported(file):
            raise ImageError(f"{path}: {reason}")
        structure = _structure(path, file)
        if structure and structure.end is None and content is None:
            note = ending.judge(path, structure, max_pixels, salvage=salvage)
            ended = ending.ended(path, structure)
            keep = {"keep_ycbcr": keep_ycbcr, "keep_cmyk": keep_cmyk}
            picture = _read(path, max_pixels, **keep, salvage=salvage, coefficients=False, content=ended)
            return replace(picture, notes=(note, *picture.notes))
        deep = sixteen.is_deep(file) or heif.is_deep(file)
        keep_ycbcr = keep_ycbcr and stores_ycbcr(file)
        coded = coefficients_of(path, file) if coefficients else None  # first: it takes most memory for a while
        if structure and content is None:
            damage = coded.damage if coded else ()
            notes = ending.judge_damage(path, structure, damage, max_pixels, salvage=salvage)
            coded = coded if structure.has_every_scan else None  # a coarser picture's bound nothing
        if keep_ycbcr:
            file.draft("YCbCr", None)
        if not heif.is_deep(file):
            file.load()
        orientation, metadata, left_out = collect(path, file, structure)
        if isinstance(file, TiffImagePlugin.TiffImageFile) or _is_upright(file):
            orientation = 1  # Pillow turns these itself
        read_deep = (
            partial(heif.read_deep, path)
            if heif.is_deep(file)
            else partial(sixteen.read_deep, path, max_pixels, orientation, frame)
        )
        black = None
        keep_cmyk = keep_cmyk and file.mode == "CMYK"
        if file.mode == "CMYK" and not keep_cmyk:
            notes += ("CMYK becomes sRGB",)
        if keep_cmyk:
            pixels, black = upright(file, orientation, lambda band: ~np.asarray(band))
            alpha = None
        elif not deep:
            pixels, alpha = upright(file, orientation, _unpacker(path, file, keep_ycbcr=keep_ycbcr))
        transparent = file.info.get("transparency")
        tables, sampled = quantisation_tables(file), subsampling(file)
        name = "JPEG" if file.format == "MPO" else file.format or ""
        lossy = is_lossy(path, name)
        frames = _frames(path, file, metadata)
    del file  # its picture is as large as the one that is returned
    if deep:
        pixels, alpha = read_deep()
        if alpha is None and transparent is not None:
            alpha = _opacity(pixels, transparent)
    space: Space = "L" if pixels.ndim == 2 else "YCbCr" if keep_ycbcr else "RGB"
    if metadata.icc and not _profile_fits(metadata.icc, "CMYK" if keep_cmyk else space):
        metadata = metadata._replace(icc=None)
        notes += ("the colour profile is left out",)
    found = (*notes, *left_out)
    if coded:
        coded = replace(coded, orientation=orientation)
    return Picture(
        pixels, space, alpha, name, metadata, frames, tables, sampled, orientation, coded, lossy, found, black
    )


def _is_upright(file: ImageFile.ImageFile) -> bool:
    """Whether the decoder has turned the picture, as those of HEIF and JPEG XL do; not so a JPEG within JPEG XL."""
    return file.format == "HEIF" or (file.format == "JXL" and not getattr(file, "jpeg", False))


def _structure(path: Path, file: ImageFile.ImageFile) -> Structure | None:
    """What the segments of a JPEG say; ImageError for a kind that is not read."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile):
        return None
    with path.open("rb") as stream, mapped(stream) as data:
        structure = structure_of(data)
    if structure.unsupported:
        raise ImageError(f"{path}: {structure.unsupported}")
    return structure


def _frames(path: Path, file: ImageFile.ImageFile, metadata: Metadata) -> int:
    """How many pictures the file holds, but for a gain map or a preview that goes with one."""
    if isinstance(file, JpegImagePlugin.JpegImageFile):
        return 1 + sum(part.kind == "picture" for part in metadata.attached)
    if isinstance(file, TiffImagePlugin.TiffImageFile):  # Pillow's own count is quadratic
        with path.open("rb") as stream:
            return max(1, Directories(stream).count())
    return int(getattr(file, "n_frames", 1))


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


def _profile_fits(profile: bytes, space: Space | Literal["CMYK"]) -> bool:
    """Whether a profile's own colour space (ICC.1, 7.2.6) is the pixels': CMYK's and a palette's need not be."""
    own = profile[16:20]
    return own == b"CMYK" if space == "CMYK" else own == b"RGB " or (space == "L" and own == b"GRAY")


def _opacity(pixels: Pixels, transparent: int | tuple[int, ...]) -> Pixels:
    """The alpha of a picture in which all but one colour is opaque."""
    height, width = pixels.shape[:2]
    alpha: Pixels = large.empty((height, width), pixels.dtype)
    for rows in bands(height, width):
        differs = pixels[rows] != np.asarray(transparent, pixels.dtype)
        alpha[rows] = differs if pixels.ndim == 2 else differs.any(axis=2)
    alpha *= np.iinfo(pixels.dtype).max
    return alpha
