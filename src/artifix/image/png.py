"""Write the PNGs that Pillow cannot: 16 bits a channel in colour or with alpha, and chunks that it does not know."""

import struct
import zlib
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, PngImagePlugin

from artifix.image.metadata import Metadata
from artifix.image.picture import Picture, bands, channels_of, interleaved
from artifix.image.png_metadata import chunks_of

_COLOUR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels (PNG, table 11.1)
_HEADER: Final = 8 + 25  # bytes of a PNG's signature and first chunk
_SUB: Final = 1  # each byte less that of the pixel to its left (PNG, 9.2)


def write_deep_png(file: BinaryIO, picture: Picture, metadata: Metadata) -> None:
    """Write a uint16 picture, grey or RGB, with its alpha, and the metadata."""
    height, width = picture.pixels.shape[:2]
    channels = channels_of(picture)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    file.write(b"\x89PNG\r\n\x1a\n")
    # Pillow puts the metadata into chunks, around a picture of one pixel, which is then replaced.
    for kind, data, _ in PngImagePlugin.getchunks(Image.new("L", (1, 1)), **png_options(metadata)):
        if kind == b"IDAT":
            _write_pixels(file, picture)
        else:
            PngImagePlugin.putchunk(file, kind, header if kind == b"IHDR" else data)
        if kind == b"IHDR":
            file.write(chunks_of(metadata))


def png_options(metadata: Metadata) -> dict[str, Any]:
    """The metadata that Pillow's PNG writer takes; the rest are `chunks_of`, to be put behind its header."""
    options = {"icc_profile": metadata.icc, "exif": metadata.exif, "dpi": metadata.dpi}
    return {option: value for option, value in options.items() if value is not None}


class WithChunks:
    """A file to which a PNG is written, with further chunks put behind its header."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file, self._chunks = file, chunks_of(metadata)
        self._header = _HEADER

    def write(self, data: bytes) -> int:
        """Write a piece; Pillow writes the signature and each part of a chunk as one."""
        self._file.write(data)
        self._header -= len(data)
        if self._header == 0:
            self._file.write(self._chunks)
        return len(data)

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()


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
