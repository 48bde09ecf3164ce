"""Make a picture worse on purpose: encode and decode it with a lossy codec at a chosen quality."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from artifix.codecs import pillow
from artifix.codecs.bpg import BPG
from artifix.codecs.codec import SUBSAMPLINGS, Codec, Pixels
from artifix.codecs.h264 import H264
from artifix.codecs.hevc import HEVC
from artifix.errors import ArtifixError, CodecError
from artifix.image import (
    MAX_PIXELS,
    Picture,
    atomic_output,
    losses,
    output_format,
    read_picture,
    to_uint8,
    write_image,
)

__all__ = ["CODECS", "SUBSAMPLINGS", "Codec", "Pixels", "decode", "degrade", "degrade_file", "encode"]

CODECS: Final[dict[str, Codec]] = {
    "jpeg": pillow.JPEG,
    "webp": pillow.WEBP,
    "jpeg2000": pillow.JPEG2000,
    "avif": pillow.AVIF,
    "hevc": HEVC,
    "bpg": BPG,
    "h264": H264,
}


def encode(image: Pixels, codec: str = "jpeg", *, quality: int, subsampling: str | None = None) -> bytes:
    """The compressed file of an (H, W, 3) RGB or (H, W) grey uint8 image.

    `quality` is the codec's own factor, never rescaled: libjpeg's 1..100 for JPEG, a QP where smaller is better for
    BPG and H.264, the bits for 100 pixels for JPEG 2000 (see `CODECS`). `subsampling` is the chroma's, one of
    `SUBSAMPLINGS`, by default 4:2:0, but 4:4:4 for JPEG 2000; grey images have none. ValueError for what the codec does
    not have, CodecError for a codec that is not installed, or cannot code so many pixels.
    """
    if codec not in CODECS:
        raise ValueError(f"unknown codec {codec!r}, expected one of {', '.join(CODECS)}")
    used = CODECS[codec]
    if quality not in used.range:
        low, high = sorted((used.worst, used.best))
        raise ValueError(f"the {used.factor} of {codec} must be {low}..{high}, got {quality}")
    subsampling = subsampling or used.subsamplings[0]
    if subsampling not in used.subsamplings:
        known = ", ".join(used.subsamplings)
        raise ValueError(f"unknown chroma subsampling {subsampling!r} for {codec}, expected one of {known}")
    try:
        return used.encode(image, quality, subsampling)
    except ArtifixError:
        raise
    except Exception as error:  # every encoder has its own, for sides that it cannot have above all
        reason = str(error) or type(error).__name__
        raise CodecError(f"{codec} cannot code {image.shape[1]}x{image.shape[0]} pixels ({reason})") from error


def decode(data: bytes, codec: str = "jpeg", *, shape: tuple[int, ...] | None = None, ycbcr: bool = False) -> Pixels:
    """The image in a compressed file, RGB (H, W, 3) or grey (H, W) uint8.

    `shape` is that of the image that was encoded; without it, WebP, BPG and H.264 give RGB for grey, and H.264 even
    sides. `ycbcr=True` gives a colour JPEG's own full-range YCbCr instead of RGB: nothing is lost in a conversion.
    CodecError for a codec that is not installed, or an image smaller than `shape`.
    """
    image = pillow.decode(data, ycbcr=True) if ycbcr else CODECS[codec].decode(data)
    if shape is None:
        return image
    if image.shape[0] < shape[0] or image.shape[1] < shape[1]:
        given = f"{image.shape[1]}x{image.shape[0]}"
        raise CodecError(f"{codec} gave an image of {given} pixels where {shape[1]}x{shape[0]} were coded")
    if len(shape) == 2 and image.ndim == 3:
        image = np.asarray(Image.fromarray(image).convert("L"))
    return image[: shape[0], : shape[1]]


def degrade(image: Pixels, codec: str = "jpeg", *, quality: int, subsampling: str | None = None) -> Pixels:
    """The image after a round trip through `encode` and `decode`: same shape and type, with the codec's artifacts."""
    data = encode(image, codec, quality=quality, subsampling=subsampling)
    return decode(data, codec, shape=image.shape)


def degrade_file(
    source: Path,
    target: Path,
    codec: str = "jpeg",
    *,
    quality: int,
    subsampling: str | None = None,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> tuple[str, ...]:
    """Degrade a picture file: into the coded file itself where the target's suffix is the codec's, else decoded.

    What is lost beside what the codec takes is returned, a phrase each, such as "transparency is left out". ImageError
    if the source cannot be read, OutputError if the target cannot be written, else as `encode`.
    """
    picture = read_picture(source, max_pixels=max_pixels, ycbcr=False, coefficients=False)
    image = to_uint8(picture.pixels)
    lost = []
    if picture.alpha is not None and (picture.alpha != np.iinfo(picture.alpha.dtype).max).any():
        lost.append("transparency is left out")
    if picture.pixels.dtype != np.uint8:
        lost.append("16 bits become 8")
    if picture.frames > 1:
        lost.append(f"the first of {picture.frames} frames")
    try:
        data = encode(image, codec, quality=quality, subsampling=subsampling)
    except CodecError as error:
        raise CodecError(f"{source}: {error}") from error
    if output_format(target).name.lower() == codec:
        with atomic_output(target, overwrite=overwrite) as file:
            file.write(data)
    else:
        lost += [f"coded once more: {loss}" for loss in losses(target, Picture(image, picture.space))]
        write_image(target, decode(data, codec, shape=image.shape), overwrite=overwrite)
    return tuple(lost)
