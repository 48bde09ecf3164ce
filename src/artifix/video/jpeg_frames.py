"""Frames of Motion JPEG, each of which is a JPEG file with quantisation tables and coefficients of its own."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import av

from artifix.errors import ImageError
from artifix.image import Picture, read_picture
from artifix.yuv import Layout

CODEC: Final = "mjpeg"
"""FFmpeg's name of Motion JPEG."""


def keep_packets(stream: Any) -> None:
    """Make the decoder of a Motion JPEG stream copy each packet's `opaque` to the frame that it is decoded to."""
    stream.codec_context.flags |= av.codec.context.Flags.copy_opaque


def jpeg_of(frame: Any, layout: Layout) -> Picture | None:
    """The JPEG in a frame's `opaque`, as a picture; None if there is none, or if it does not match the frame.

    It does not match unless the frame has the samples of JFIF: full-range YCbCr of 8 bits.
    """
    if not isinstance(frame.opaque, bytes) or not layout.full_range or layout.bits != 8:
        return None
    with TemporaryDirectory(prefix="artifix-") as folder:
        file = Path(folder) / "frame.jpg"
        file.write_bytes(frame.opaque)
        try:
            picture = read_picture(file)
        except ImageError:
            return None
    expected = "L" if layout.subsampling == "4:0:0" else "YCbCr"
    is_frame = picture.pixels.shape[:2] == (frame.height, frame.width) and picture.space == expected
    return picture if is_frame and picture.orientation == 1 else None
