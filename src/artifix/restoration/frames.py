"""Restore an animation frame by frame, or a TIFF page by page."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from artifix.image import Frame, Picture, losses, read_frames
from artifix.image.formats import output_format
from artifix.restoration.folder import Progress


def restore_frames(
    restore: Callable[[Picture, Progress], Picture],
    source: Path,
    target: Path,
    count: int,
    *,
    quality: int | None,
    max_pixels: int,
    progress: Progress,
) -> tuple[list[Frame], tuple[str, ...]]:
    """All frames of a file of `count` of them, restored, and what the target lacks of any of them.

    ImageError as in `read_frames`; `progress` is called with the share of all frames that is done, 0..1.
    """
    frames: list[Frame] = []
    lacking = dict[str, None]()

    def share(done: float) -> None:
        progress((len(frames) + done) / count)

    cmyk = output_format(target).cmyk
    with closing(read_frames(source, max_pixels=max_pixels, cmyk=cmyk, check=lambda: share(0.0))) as decoded:
        for frame in decoded:
            lacking |= dict.fromkeys(losses(target, frame.picture, quality=quality))
            frames.append(frame._replace(picture=restore(frame.picture, share)))
    return frames, tuple(lacking)
