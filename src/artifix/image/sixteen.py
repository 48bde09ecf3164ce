"""Sixteen bits a channel out of Pillow, which keeps eight of them in colour: its tiles say which bytes it unpacks.

    RGB;16B   R R  G G  B B        unpacked as RGB;16B -> the high bytes
              h l  h l  h l        unpacked as RGB;16L -> the low bytes: two decodings give the whole
    LA;16B    L L  A A             unpacked as RGBA    -> all four bytes: one decoding, seen as two uint16
              h l  h l

So any compression, filter and interlacing that Pillow decodes is decoded, as fast, without another library.
"""

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from artifix.image.pillow import opened
from artifix.image.turn import as_stored, stored_bands, upright

Deep = NDArray[np.uint16]

_NATIVE: Final = "L" if sys.byteorder == "little" else "B"
_OTHER: Final = {"B": "L", "L": "B"}

_BITS_PER_SAMPLE: Final = 258
_PHOTOMETRIC: Final = 262
_PLANAR_CONFIGURATION: Final = 284
_EXTRA_SAMPLES: Final = 338
_SAMPLE_FORMAT: Final = 339
_SIGNED: Final = 2
_WHITE_IS_ZERO: Final = 0
_SEPARATE_PLANES: Final = 2
_PREMULTIPLIED: Final = (1,)


def is_deep(file: ImageFile.ImageFile) -> bool:
    """Whether the file has more than 8 bits a channel, and is of a kind of which they are kept."""
    return _is_grey(file) or _is_grey_alpha(file) or _is_colour(file)


def unsupported(file: ImageFile.ImageFile) -> str | None:
    """Why this file's samples would come out wrong, if they would."""
    if _is_grey(file) and _tiff_tag(file, _BITS_PER_SAMPLE) not in (None, (16,)):
        return "12-bit TIFF is not supported"
    if _SIGNED in (_tiff_tag(file, _SAMPLE_FORMAT) or ()):
        return "a TIFF of signed samples is not supported"
    planes = _tiff_tag(file, _PLANAR_CONFIGURATION) == _SEPARATE_PLANES
    if planes and file.mode in ("RGB", "RGBA") and 16 in _tiff_tag(file, _BITS_PER_SAMPLE):
        return "16-bit TIFF in separate colour planes is not supported"
    return None


def read_deep(path: Path, max_pixels: int, orientation: int, frame: int = 0) -> tuple[Deep, Deep | None]:
    """The pixels, (H, W) or (H, W, 3), and the alpha of a file that `is_deep`, upright, in uint16.

    ImageError as in `opened`.
    """
    with opened(path, max_pixels, frame=frame) as file:
        mode = _rawmode(file)
        grey_alpha, colour = _is_grey_alpha(file), _is_colour(file)
        white_is_zero = _tiff_tag(file, _PHOTOMETRIC) == _WHITE_IS_ZERO
        premultiplied = _tiff_tag(file, _EXTRA_SAMPLES) == _PREMULTIPLIED
        if grey_alpha:
            stored = _stored_dtype(file)
            _unpack_as(file, "RGBA")
            return upright(file, orientation, lambda band: np.asarray(band).view(stored).astype(np.uint16, copy=False))
        if not colour:
            grey, _ = upright(file, orientation, lambda band: np.asarray(band).astype(np.uint16, copy=False))
            return (np.invert(grey, out=grey) if white_is_zero else grey), None
        mode = mode.replace("RGBa", "RGBA")  # Pillow would divide the alpha out of each byte on its own
        _unpack_as(file, mode)
        pixels, alpha = upright(file, orientation, lambda band: np.asarray(band).astype(np.uint16) << 8)
    del file  # its picture is as large as one of the two
    with opened(path, max_pixels, frame=frame) as file:
        _unpack_as(file, mode[:-1] + _OTHER[mode[-1]])
        file.load()
        for rows, (low, low_alpha) in stored_bands(file):
            as_stored(pixels, orientation)[rows] |= low
            if alpha is not None:
                as_stored(alpha, orientation)[rows] |= low_alpha
    if premultiplied and alpha is not None:
        _divide_by(alpha, pixels)
    return pixels, alpha


def _is_grey(file: ImageFile.ImageFile) -> bool:
    return file.mode.startswith("I;16")


def _is_grey_alpha(file: ImageFile.ImageFile) -> bool:
    return _rawmode(file) == "LA;16B" or _tiff_tag(file, _BITS_PER_SAMPLE) == (16, 16)


def _is_colour(file: ImageFile.ImageFile) -> bool:
    return file.mode in ("RGB", "RGBA") and _rawmode(file).startswith("RGB") and ";16" in _rawmode(file)


def _rawmode(file: ImageFile.ImageFile) -> str:
    """How Pillow will unpack the pixels, "RGB;16L" for one; empty where the format leaves it no choice."""
    args: Any = file.tile[0].args if file.tile else ""
    mode = args[0] if isinstance(args, tuple) and args else args
    if not isinstance(mode, str):
        return ""
    return mode[:-1] + _NATIVE if mode.endswith(";16N") else mode


def _unpack_as(file: ImageFile.ImageFile, mode: str) -> None:
    file.tile = [t._replace(args=(mode, *t.args[1:]) if isinstance(t.args, tuple) else mode) for t in file.tile]


def _stored_dtype(file: ImageFile.ImageFile) -> np.dtype[np.uint16]:
    """The byte order in which grey with alpha is handed over: libtiff has turned it to the machine's own."""
    if file.tile[0].codec_name == "libtiff":
        return np.dtype(np.uint16)
    big_endian = not isinstance(file, TiffImagePlugin.TiffImageFile) or file.tag_v2.prefix == b"MM"
    return np.dtype(">u2" if big_endian else "<u2")


def _tiff_tag(file: Image.Image, tag: int) -> Any:
    return file.tag_v2.get(tag) if isinstance(file, TiffImagePlugin.TiffImageFile) else None


def _divide_by(alpha: Deep, pixels: Deep) -> None:
    for row, opacity in zip(pixels, alpha, strict=True):
        row[:] = np.rint(row * (65535.0 / np.maximum(opacity[:, None], 1).astype(np.float32))).clip(0, 65535)
