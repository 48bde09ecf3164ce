"""Animations and pages: all the pictures of a file, one after the other, and files of many pictures."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from PIL import Image, ImageFile

from artifix.errors import ImageError
from artifix.image import child, limits
from artifix.image.child import Check
from artifix.image.formats import output_format
from artifix.image.gif import write_gif
from artifix.image.held import held
from artifix.image.picture import Picture, to_rgb, to_uint8
from artifix.image.pillow import MAX_PIXELS, opened
from artifix.image.png import WithChunks, png_options
from artifix.image.read import read_picture
from artifix.image.tiff import write_tiff
from artifix.image.write import encoding, fitted

_ANIMATED: Final = ("GIF", "PNG", "WEBP")
_ANIMATIONS: Final = ("GIF", "PNG", "WEBP")
_SHOWN_LONG: Final = 100.0  # milliseconds of a frame that says nothing, as browsers have it


class Frame(NamedTuple):
    """One picture of a file of several."""

    picture: Picture
    milliseconds: float
    """For how long it is shown; 0 for a page."""
    plays: int = 0
    """How often the animation is shown, 0 for ever."""


def holds_frames(path: str | Path, picture: Picture) -> bool:
    """Whether a file of the path's suffix can have all the frames of the picture's file, and they are not too many."""
    name = output_format(Path(path)).name
    if name == picture.format == "TIFF":
        return 1 < picture.frames <= limits.PAGES
    return name in _ANIMATED and picture.format in _ANIMATIONS and 1 < picture.frames <= limits.FRAMES


def read_frames(
    path: str | Path, *, max_pixels: int = MAX_PIXELS, cmyk: bool = False, check: Check = lambda: None
) -> Generator[Frame, None, None]:
    """Every frame of an animation, whole and in 8 bits, or every page of a TIFF.

    ImageError as in `read_picture`, and where all frames together have more than `max_pixels` pixels; `cmyk` and
    `check` as there.
    """
    path = Path(path)
    if child.is_wanted():  # one decodes all of them, however many there are
        return child.stream(path, child.allowance_for(max_pixels), check, _read_frames, path, max_pixels, cmyk)
    return _read_frames(path, max_pixels, cmyk)


def _read_frames(path: Path, max_pixels: int, cmyk: bool) -> Generator[Frame, None, None]:
    first = read_picture(path, max_pixels=max_pixels, ycbcr=False, cmyk=cmyk)
    if first.format == "TIFF":
        total = 0
        for page in range(first.frames):
            picture = read_picture(path, max_pixels=max_pixels, cmyk=cmyk, frame=page) if page else first
            total += picture.pixels.shape[0] * picture.pixels.shape[1]
            _check(path, total, max_pixels)
            yield Frame(picture, 0)
        return
    _check(path, first.frames * first.pixels.shape[0] * first.pixels.shape[1], max_pixels)
    total = 0
    with opened(path, max_pixels) as file:
        for number in range(first.frames):
            file.seek(number)
            total += file.width * file.height  # a frame of a GIF may be larger than the file says it is
            _check(path, total, max_pixels)
            file.load()
            values = np.asarray(file.convert("RGBA"))
            alpha = values[..., 3]
            yield Frame(
                replace(
                    first,
                    pixels=np.ascontiguousarray(values[..., :3]),
                    space="RGB",
                    alpha=None if (alpha == 255).all() else np.ascontiguousarray(alpha),
                ),
                float(file.info.get("duration") or _SHOWN_LONG),
                _plays(file),
            )


def write_frames(
    path: str | Path,
    frames: list[Frame],
    *,
    quality: int | None = None,
    overwrite: bool = False,
    mode: int | None = None,
) -> None:
    """Write an animation or the pages of a TIFF, with the metadata of the first frame or each page's own.

    Errors as in `write_picture`.
    """
    path = Path(path)
    format = output_format(path)
    frames = [frame._replace(picture=fitted(path, format, frame.picture)) for frame in frames]
    with encoding(path, format, overwrite=overwrite, mode=mode) as file:
        if format.name == "TIFF":
            place = 0
            for frame in frames:
                place = write_tiff(file, frame.picture, held(format, frame.picture), place)
            return
        if format.name == "GIF":
            pictures = [frame.picture for frame in frames]
            times = [frame.milliseconds for frame in frames]
            write_gif(file, pictures, held(format, pictures[0]), times, frames[0].plays)
            return
        first, *others = (_to_pillow(frame.picture) for frame in frames)
        metadata = held(format, frames[0].picture)
        options: dict[str, Any] = {"save_all": True, "append_images": others, "loop": frames[0].plays}
        options["duration"] = [round(frame.milliseconds) for frame in frames]
        if format.name == "PNG":
            first.save(WithChunks(file, metadata), "PNG", **options, **png_options(metadata))  # type: ignore[arg-type]
            return
        options |= {"lossless": True, "exact": True} if quality is None else {"quality": quality}
        kept = {"exif": metadata.exif, "icc_profile": metadata.icc, "xmp": metadata.xmp}
        first.save(file, "WEBP", **options, **{name: value for name, value in kept.items() if value})


def _plays(file: ImageFile.ImageFile) -> int:
    loop = file.info.get("loop")
    if file.format != "GIF":
        return int(loop or 0)
    return 1 if loop is None else int(loop) and int(loop) + 1  # a GIF counts how often it is shown again


def _check(path: Path, pixels: int, max_pixels: int) -> None:
    if pixels > max_pixels:
        raise ImageError(f"{path}: its frames have more than {max_pixels:,} pixels; --max-pixels raises the limit")


def _to_pillow(picture: Picture) -> Image.Image:
    """8-bit RGBA, the one mode that all frames of an animation share."""
    colours = to_uint8(to_rgb(picture))
    alpha = np.full(colours.shape[:2], 255, np.uint8) if picture.alpha is None else to_uint8(picture.alpha)
    return Image.fromarray(np.dstack([colours, alpha]))
