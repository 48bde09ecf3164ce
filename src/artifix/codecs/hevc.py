"""HEVC intra, a HEIC file as telephones write it, with pillow-heif: x265 encodes, libde265 decodes."""

import io
from typing import Any

import numpy as np
from PIL import Image

from artifix.codecs.codec import Codec, Pixels
from artifix.errors import CodecError


def _encode(image: Pixels, quality: int, subsampling: str) -> bytes:
    file = io.BytesIO()
    _pillow_heif().from_pillow(Image.fromarray(image)).save(file, quality=quality, subsampling=subsampling)
    return file.getvalue()


def _decode(data: bytes) -> Pixels:
    return np.asarray(_pillow_heif().read_heif(data))


def _pillow_heif() -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise CodecError("hevc needs pillow-heif: pip install 'artifix[codecs]'") from error
    return pillow_heif


HEVC = Codec("quality", 1, 100, _encode, _decode)
