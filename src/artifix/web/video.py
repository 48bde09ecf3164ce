"""The work on an uploaded video: find its facts, restore one of its frames, or restore all of it.

FFmpeg reads uploads only in a child process, which has limits of its own: see `artifix.image.child`.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.image import write_image
from artifix.image.child import Allowance, call, is_wanted
from artifix.restoration import Record, Restorer
from artifix.serving.refusal import Refusal
from artifix.video.clip import Clip, quarter_turns
from artifix.video.formats import OUTPUT_SUFFIXES
from artifix.web.limits import Limits
from artifix.web.queue import Progress
from artifix.web.upload import Upload
from artifix.web.work import refusing

TYPES: Final = {".mp4": "video/mp4", ".m4v": "video/x-m4v", ".mov": "video/quicktime", ".mkv": "video/x-matroska"}
"""The media types of the containers that are written, by their suffixes."""
_FASTEST: Final = 120  # frames a second
_READING: Final = Allowance(seconds=60, size=2 << 30)
_WRITING_BYTES: Final = 8 << 30
_SECONDS_PER_MEGAPIXEL: Final = 60  # of processor time; a slow machine takes 4


def takes_videos() -> bool:
    """Whether what videos need is installed."""
    return find_spec("av") is not None


def examine(upload: Upload, progress: Progress, limits: Limits) -> Clip:
    """The facts of an uploaded video.

    Refusal 415 if the server takes no videos, 413 if this one is too long or too large, 422 if it cannot be restored.
    """
    from artifix.video.glance import clip_of

    _ensure_taken(limits)
    with refusing(upload.folder):
        clip: Clip = _in_child(upload.path, _READING, progress, clip_of, upload.path)
    _ensure_short(clip, limits)
    return clip


def show_frame(
    upload: Upload, progress: Progress, limits: Limits, at: float, get_restorer: Callable[[], Restorer] | None
) -> Path:
    """One frame, `at` 0..1 of the way from the first to the last, as a PNG file: restored, or as it came for None."""
    from artifix.video.encoders import Encoding
    from artifix.video.glance import clip_from, read_frame
    from artifix.video.restore import restore_frame
    from artifix.video.samples import empty_frame, read_samples

    _ensure_taken(limits)
    with refusing(upload.folder):
        video, planes, jpeg = _in_child(upload.path, _READING, progress, read_frame, upload.path, at)
        _ensure_short(clip_from(video), limits)
        as_it_is = Encoding("none", None, video.width, video.height, video.pixel_format)
        frame = empty_frame(as_it_is.like, video.colours)
        frame.opaque = jpeg
        for samples, plane in zip(read_samples(frame, video.layout), planes, strict=True):
            samples[:] = plane
        if get_restorer is not None:
            frame = restore_frame(frame, video, as_it_is, get_restorer().for_video(video.codec), progress)
    target = upload.folder / "frame.png"
    image = np.rot90(frame.to_ndarray(format="rgb24"), quarter_turns(video.matrix))
    write_image(target, np.ascontiguousarray(image))
    return target


def restore(upload: Upload, progress: Progress, clip: Clip, name: str, options: dict[str, Any]) -> tuple[Path, Record]:
    """All of a video restored into a file by `restore_video`, with these options of `Restorer`; `clip` are its facts.

    The record has the client's name of the file, and `name` as the model's; if that is empty, the codec's model.
    """
    suffix = OUTPUT_SUFFIXES.get(Path(upload.name).suffix.lower(), ".mkv")
    target, share = upload.folder / f"restored{suffix}", upload.folder / "share"
    with refusing(upload.folder):
        if is_wanted():
            megapixels = clip.frames * clip.width * clip.height / 1e6
            allowance = Allowance(_READING.seconds + _SECONDS_PER_MEGAPIXEL * megapixels, _WRITING_BYTES)
            arguments = upload.path, target, options, partial(_write_share, share)
            record = call(upload.path, allowance, lambda: progress(_read_share(share)), restore_file, *arguments)
        else:
            record = restore_file(upload.path, target, options, progress)
    names = {"input": upload.name, "output": upload.answer_name(suffix), "model": name or record.model}
    return target, dataclasses.replace(record, **names)


def restore_file(source: Path, target: Path, options: dict[str, Any], progress: Progress) -> Record:
    """`restore_video` with a `Restorer` of these options."""
    from artifix.video.restore import restore_video

    return restore_video(source, target, Restorer(**options), progress=progress)


def _ensure_taken(limits: Limits) -> None:
    if not (takes_videos() and limits.video_seconds):
        raise Refusal(415, "this server takes no videos")


def _ensure_short(clip: Clip, limits: Limits) -> None:
    if clip.seconds > limits.video_seconds or clip.frames > _FASTEST * limits.video_seconds:
        long = f"the video has {clip.frames} frames in {clip.seconds:.1f} s"
        raise Refusal(413, f"{long}; this server takes up to {limits.video_seconds:g} s")
    if clip.width * clip.height > limits.video_pixels:
        size = f"the video's frames are {clip.width}x{clip.height}"
        raise Refusal(413, f"{size}; this server takes up to {limits.video_pixels:,} pixels")


def _in_child(path: Path, allowance: Allowance, progress: Progress, function: Callable[..., Any], *args: Any) -> Any:
    """What a function returns, called in a child where the system can and the server wants that."""
    if not is_wanted():
        return function(*args)
    return call(path, allowance, lambda: progress(0.0), function, *args)


def _write_share(path: Path, share: float) -> None:
    path.write_text(f"{share:.4f}", encoding="ascii")


def _read_share(path: Path) -> float:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not there yet, or half written
        return 0.0
