"""The codecs that Pillow brings along: JPEG, WebP, JPEG 2000 and AVIF."""

import io
from typing import Any

import numpy as np
from PIL import Image

from artifix.codecs.codec import Codec, Pixels
from artifix.errors import CodecError
from artifix.image.pillow import quiet_pillow


def decode(data: bytes, *, ycbcr: bool = False) -> Pixels:
    """The image in a file of any format that Pillow reads; `ycbcr` leaves a colour JPEG's pixels as they are stored."""
    with quiet_pillow(), Image.open(io.BytesIO(data)) as file:
        if file.mode == "L":
            return np.asarray(file)
        if ycbcr:
            file.draft("YCbCr", None)
        return np.asarray(file.convert("YCbCr" if ycbcr else "RGB"))


def _save(image: Pixels, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    try:
        Image.fromarray(image).save(file, format, **options)
    except KeyError as error:
        raise CodecError(f"{format.lower()} needs a Pillow that was built with it") from error
    return file.getvalue()


def _jpeg(image: Pixels, quality: int, subsampling: str) -> bytes:
    return _save(image, "JPEG", quality=quality, subsampling=subsampling)


def _webp(image: Pixels, quality: int, subsampling: str) -> bytes:
    return _save(image, "WEBP", quality=quality)


def _jpeg2000(image: Pixels, quality: int, subsampling: str) -> bytes:
    # The 9/7 wavelet, in YCbCr where there is colour: Pillow leaves RGB as it is unless asked. A rate is what JPEG 2000
    # is steered by; at the same mean rate, one PSNR for all pictures would cost 2 dB of the mean.
    colour = image.ndim == 3
    ratio = (24 if colour else 8) * 100 / quality
    return _save(image, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, mct=int(colour))


def _avif(image: Pixels, quality: int, subsampling: str) -> bytes:
    # As many threads, as many tiles, which are coded apart: one makes the same file on every machine.
    return _save(image, "AVIF", quality=quality, subsampling=subsampling, max_threads=1)


JPEG = Codec("quality", 1, 100, _jpeg, decode)
WEBP = Codec("quality", 1, 100, _webp, decode, subsamplings=("4:2:0",))
JPEG2000 = Codec("bits per 100 pixels", 1, 800, _jpeg2000, decode, subsamplings=("4:4:4",))
AVIF = Codec("quality", 1, 100, _avif, decode)
