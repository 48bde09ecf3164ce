"""Write the PNGs that Pillow cannot: 16 bits a channel in colour or with alpha."""

import struct
import zlib
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, PngImagePlugin

from artifix.image.picture import Metadata, Picture, bands, interleaved

_COLOUR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels (PNG, table 11.1)
_SUB: Final = 1  # each byte less that of the pixel to its left (PNG, 9.2)


def write_deep_png(file: BinaryIO, picture: Picture, metadata: Metadata) -> None:
    """Write a uint16 picture, grey or RGB, with its alpha, and the metadata."""
    height, width = picture.pixels.shape[:2]
    channels = (1 if picture.pixels.ndim == 2 else 3) + (picture.alpha is not None)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    file.write(b"\x89PNG\r\n\x1a\n")
    # Pillow puts the metadata into chunks, around a picture of one pixel, which is then replaced.
    for kind, data, _ in PngImagePlugin.getchunks(Image.new("L", (1, 1)), **png_options(metadata)):
        if kind == b"IDAT":
            _write_pixels(file, picture)
        else:
            PngImagePlugin.putchunk(file, kind, header if kind == b"IHDR" else data)


def png_options(metadata: Metadata) -> dict[str, Any]:
    """The metadata as Pillow's PNG writer takes it."""
    texts = PngImagePlugin.PngInfo()
    if metadata.xmp:
        # Keyword, no compression, no language, no translated keyword; the packet as it is, valid UTF-8 or not.
        texts.add(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    return {"icc_profile": metadata.icc, "exif": metadata.exif, "dpi": metadata.dpi, "pnginfo": texts}


def _write_pixels(file: BinaryIO, picture: Picture) -> None:
    height, width = picture.pixels.shape[:2]
    compressor = zlib.compressobj()
    for rows in bands(height, width):
        band = interleaved(picture, rows)
        count, _, channels = band.shape
        samples = band.astype(">u2").view(np.uint8).reshape(count, -1)
        lines = np.full((count, 1 + samples.shape[1]), _SUB, np.uint8)
        lines[:, 1:] = samples
        lines[:, 1 + 2 * channels :] -= samples[:, : -2 * channels]
        PngImagePlugin.putchunk(file, b"IDAT", compressor.compress(lines.data))
    PngImagePlugin.putchunk(file, b"IDAT", compressor.flush())
