"""Restore an animation frame by frame, or a TIFF page by page."""

from collections.abc import Callable
from pathlib import Path

from artifix.image import Frame, Picture, losses, read_frames
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
    frames, lacking = [], dict[str, None]()
    for number, frame in enumerate(read_frames(source, max_pixels=max_pixels)):

        def share(done: float, before: int = number) -> None:
            progress((before + done) / count)

        lacking |= dict.fromkeys(losses(target, frame.picture, quality=quality))
        frames.append(frame._replace(picture=restore(frame.picture, share)))
    return frames, tuple(lacking)
