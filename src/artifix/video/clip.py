"""The facts of a video that are shown to people. Needs no PyAV."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Clip:
    """The facts of a video that are shown to people."""

    width: int
    """Of a frame, in pixels, as it is shown."""
    height: int
    seconds: float
    frames: int
    codec: str
    """As FFmpeg names it."""


def quarter_turns(matrix: tuple[int, ...] | None) -> int:
    """How often a frame is turned counterclockwise when shown, by FFmpeg's display matrix (libavutil/display.c)."""
    return round(-math.atan2(matrix[1], matrix[0]) / (math.pi / 2)) % 4 if matrix else 0
