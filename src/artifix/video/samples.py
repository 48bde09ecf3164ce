"""A PyAV frame's samples as arrays, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import av
import numpy as np

from artifix.yuv import Layout, Samples, Subsampling

_SUBSAMPLINGS: Final[dict[str, Subsampling]] = {"420": "4:2:0", "422": "4:2:2", "444": "4:4:4"}
_BITS: Final = {"": 8, "10le": 10, "12le": 12}

# FFmpeg's pixel format -> its layout. The yuvj formats say full range by their name, the others by a tag beside them.
LAYOUTS: Final[dict[str, Layout]] = (
    {f"yuv{n}p{end}": Layout(name, bits) for n, name in _SUBSAMPLINGS.items() for end, bits in _BITS.items()}
    | {f"yuvj{n}p": Layout(name, full_range=True) for n, name in _SUBSAMPLINGS.items()}
    | {f"gray{end}": Layout("4:0:0", bits) for end, bits in _BITS.items()}
)


@dataclass(frozen=True)
class Colours:
    """What the numbers of a stream mean, as FFmpeg counts them (ITU-T H.273); 2 is unspecified, for a range 0."""

    color_range: int
    colorspace: int
    color_primaries: int
    color_trc: int

    def apply(self, to: Any) -> None:
        """Set them on a frame, a codec context or a stream."""
        for name, value in vars(self).items():
            setattr(to, name, value)


def colours_of(frame: Any) -> Colours:
    """The colour tags of a frame."""
    return Colours(*(int(getattr(frame, name)) for name in Colours.__dataclass_fields__))


def layout_of(frame: Any, codec: str) -> Layout | None:
    """The layout of a decoded frame of a codec; None for what is not planar YCbCr or grey, or has alpha."""
    layout = LAYOUTS.get(frame.format.name)
    if layout is None:
        return None
    jpeg = av.video.reformatter.ColorRange.JPEG
    full_range = layout.full_range or frame.color_range == jpeg
    return replace(layout, full_range=full_range, siting="centre" if codec in ("mjpeg", "mpeg1video") else "left")


def empty_frame(like: tuple[int, int, str], colours: Colours) -> Any:
    """A frame of the width, height and pixel format `like`; its samples are whatever was in memory."""
    frame = av.VideoFrame(*like)
    colours.apply(frame)
    return frame


def read_samples(frame: Any, layout: Layout) -> list[Samples]:
    """The frame's planes, luma first; they are the frame's own memory, not copies."""
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, layout.dtype).reshape(-1, plane.line_size // layout.dtype().itemsize)
        planes.append(rows[: plane.height, : plane.width])
    return planes


def with_samples(frame: Any, planes: Sequence[Samples], layout: Layout, like: tuple[int, int, str]) -> Any:
    """A frame of these planes, of the width, height and pixel format `like`, beyond the planes by repeating their edge.

    Where the frame is like that already its own samples are replaced, so that captions and all else it carries stay.
    """
    if (frame.width, frame.height, frame.format.name) == like:
        frame.make_writable()  # the decoder may still look at it
        written = frame
    else:
        written = empty_frame(like, colours_of(frame))
    for samples, plane in zip(read_samples(written, layout), planes, strict=True):
        missing = [(0, more - less) for more, less in zip(samples.shape, plane.shape, strict=True)]
        samples[:] = np.pad(plane, missing, mode="edge")
    return written
