"""Make a picture worse on purpose: encode and decode it with a lossy codec at a chosen quality."""

import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.image import atomic_output, output_format, read_image, write_image

Pixels = NDArray[np.uint8]

CODECS: Final = ("jpeg",)
SUBSAMPLINGS: Final = ("4:4:4", "4:2:2", "4:2:0")


def encode(image: Pixels, codec: str = "jpeg", *, quality: int, subsampling: str = "4:2:0") -> bytes:
    """The compressed file of an (H, W, 3) RGB or (H, W) grey uint8 image.

    `quality` is the codec's own factor, 1..100 for JPEG (libjpeg's scaling of the standard's tables).
    `subsampling` is the chroma's, one of `SUBSAMPLINGS`; grey images have none. ValueError for anything else.
    """
    if codec not in CODECS:
        raise ValueError(f"unknown codec {codec!r}, expected one of {', '.join(CODECS)}")
    if not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1..100, got {quality}")
    if subsampling not in SUBSAMPLINGS:
        raise ValueError(f"unknown chroma subsampling {subsampling!r}, expected one of {', '.join(SUBSAMPLINGS)}")
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def decode(data: bytes, *, ycbcr: bool = False) -> Pixels:
    """The image in a compressed file, RGB (H, W, 3) or grey (H, W) uint8.

    `ycbcr=True` gives a colour JPEG's own full-range YCbCr instead of RGB: nothing is lost in a conversion.
    """
    with Image.open(io.BytesIO(data)) as file:
        if file.mode == "L":
            return np.asarray(file)
        if ycbcr:
            file.draft("YCbCr", None)
        return np.asarray(file.convert("YCbCr" if ycbcr else "RGB"))


def degrade(image: Pixels, codec: str = "jpeg", *, quality: int, subsampling: str = "4:2:0") -> Pixels:
    """The image after a round trip through `encode` and `decode`: same shape and type, with the codec's artifacts."""
    return decode(encode(image, codec, quality=quality, subsampling=subsampling))


def degrade_file(
    source: Path,
    target: Path,
    codec: str = "jpeg",
    *,
    quality: int,
    subsampling: str = "4:2:0",
    overwrite: bool = False,
) -> None:
    """Degrade a picture file: into the coded file itself where the target's suffix is the codec's, else decoded.

    ImageError if the source cannot be read, OutputError if the target cannot be written.
    """
    data = encode(read_image(source), codec, quality=quality, subsampling=subsampling)
    if output_format(target).name.lower() == codec:
        with atomic_output(target, overwrite=overwrite) as file:
            file.write(data)
    else:
        write_image(target, decode(data), overwrite=overwrite)
