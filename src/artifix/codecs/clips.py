"""Clips made from pictures by panning and zooming, coded as films are: H.264 or HEVC at a constant rate factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.codecs.codec import Pixels
from artifix.codecs.h264 import without_settings
from artifix.errors import CodecError
from artifix.yuv import Layout, Plane, Samples, from_ycbcr, to_ycbcr

LAYOUT: Final = Layout()  # 4:2:0 at 8 bits, limited range: what nearly all films are

# One thread of each, and no macroblock tree, in which x264 (core 165) reads what it never wrote: so the same clip gives
# the same frames each time. Small frames take no more threads.
_ENCODERS: Final = {
    "h264": ("libx264", "x264-params", "threads=1:lookahead-threads=1:mbtree=0"),
    "hevc": ("libx265", "x265-params", "pools=none:frame-threads=1:log-level=none:info=0"),
}
CLIP_CODECS: Final = tuple(_ENCODERS)

# Pixels a side. In narrower frames x265 4.2 reads what it never wrote, so that two runs differ,
# and below 56 it writes beyond its memory.
SMALLEST_HEVC: Final = 72


@dataclass(frozen=True)
class Motion:
    """A camera's way over a picture: where the first frame's corner lies, and how it goes on from frame to frame."""

    x: float
    """Pixels of the picture."""
    y: float
    across: float
    """Pixels of the picture a frame."""
    down: float
    scale: float
    """Pixels of the picture that a pixel of the first frame covers, along a side."""
    zoom: float
    """The scale's factor from frame to frame; 1 does not zoom."""


def film(image: Pixels, motion: Motion, height: int, width: int, frames: int) -> NDArray[np.uint8]:
    """Frames (T, H, W, 3) of a moving window of an RGB picture; beyond the picture they show its border again."""
    picture = Image.fromarray(image)
    taken = []
    for number in range(frames):
        scale = motion.scale * motion.zoom**number
        wide, high = min(picture.width, width * scale), min(picture.height, height * scale)
        # It zooms about its middle.
        left = motion.x + number * motion.across + (width * motion.scale - wide) / 2
        top = motion.y + number * motion.down + (height * motion.scale - high) / 2
        left, top = max(0.0, min(left, picture.width - wide)), max(0.0, min(top, picture.height - high))
        box = left, top, left + wide, top + high
        taken.append(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box=box)))
    return np.stack(taken)


def encode_clip(planes: Sequence[Sequence[Samples]], codec: str, *, crf: int, intra: bool = False) -> list[bytes]:
    """The packets of a clip, in the order in which they are decoded, of each frame's planes in `LAYOUT`.

    `crf` 0..51 is the codec's constant rate factor, smaller being better; `intra` codes each frame on its own, as a
    picture. Sides must be even, and of HEVC at least `SMALLEST_HEVC`. CodecError where they are not, or where PyAV or
    the encoder is missing.
    """
    av = _av()
    encoder, key, settings = _ENCODERS[codec]
    try:
        context = av.CodecContext.create(encoder, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise CodecError(f"{codec} needs the encoder {encoder}, which this PyAV lacks") from error
    context.height, context.width = planes[0][0].shape
    if codec == "hevc" and min(context.height, context.width) < SMALLEST_HEVC:
        size = f"{context.width}x{context.height}"
        raise CodecError(f"hevc is not coded in frames of {size}, smaller than {SMALLEST_HEVC} pixels")
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.options = {"crf": str(crf), "preset": "medium", key: settings + ":keyint=1" * intra}
    packets = []
    for number, frame in enumerate(planes):
        picture = av.VideoFrame(context.width, context.height, "yuv420p")
        for rows, samples in zip(_rows(picture), frame, strict=True):
            rows[:] = samples
        picture.pts = number
        packets += context.encode(picture)
    coded = [bytes(packet) for packet in [*packets, *context.encode(None)]]
    return [without_settings(packet) for packet in coded] if codec == "h264" else coded


def decode_clip(packets: Sequence[bytes], codec: str) -> list[list[Samples]]:
    """The planes of each frame that `encode_clip` coded, in the order in which they are shown."""
    av = _av()
    context = av.CodecContext.create(codec, "r")
    context.thread_count = 1
    frames: list[Any] = []
    for packet in packets:
        frames += context.decode(av.Packet(packet))
    return [[rows.copy() for rows in _rows(frame)] for frame in [*frames, *context.decode(None)]]


def to_planes(ycbcr: Plane) -> list[Samples]:
    """The planes in `LAYOUT` of full-range YCbCr (H, W, 3), 0..255."""
    return from_ycbcr(ycbcr, LAYOUT)


def from_planes(planes: Sequence[Samples]) -> Plane:
    """Full-range YCbCr (H, W, 3), 0..255, of planes in `LAYOUT`."""
    return to_ycbcr(planes, LAYOUT)


def _rows(frame: Any) -> list[NDArray[np.uint8]]:
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise CodecError("clips need PyAV: pip install 'artifix[video]'") from error
    return av
