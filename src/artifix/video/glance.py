"""A look at a video: its facts, and a single frame. It imports little, since child processes start with it."""

import itertools
from pathlib import Path
from typing import Any, Final

from artifix.errors import VideoError
from artifix.video.clip import Clip, quarter_turns
from artifix.video.samples import read_samples
from artifix.video.source import Tally, Video, probe, read_frames

_MOST_PIXELS: Final = 1 << 26  # of a frame that is looked at, if only to say how large it is


def clip_of(path: Path) -> Clip:
    """The facts of a video; VideoError where it cannot be restored."""
    return clip_from(probe(path, max_pixels=_MOST_PIXELS))


def clip_from(video: Video) -> Clip:
    """The facts that are shown to people."""
    width, height = video.width, video.height
    if quarter_turns(video.matrix) % 2:
        width, height = height, width
    return Clip(width, height, round(video.frames / float(video.rate), 3), video.frames, video.codec)


def read_frame(path: Path, at: float) -> tuple[Video, list[Any], bytes | None]:
    """The video, and of one frame, `at` 0..1 of the way from the first to the last, copies of its planes and its JPEG.

    Only a frame of Motion JPEG has one; see `jpeg_of`.
    """
    video, frame = probe(path, max_pixels=_MOST_PIXELS), None
    number = round(at * (video.frames - 1))
    for frame in itertools.islice(read_frames(video, Tally()), number + 1):  # noqa: B007  # the last is wanted
        pass
    if frame is None:
        raise VideoError(f"{path}: has no frame that can be decoded")
    return video, [samples.copy() for samples in read_samples(frame, video.layout)], frame.opaque
