"""Restore a video file into another: decoding, the network and encoding side by side, segment by segment."""

import io
import itertools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import av

from artifix.errors import ArtifixError, ModelError
from artifix.image import MAX_PIXELS, atomic_output
from artifix.restoration import Record, Restorer
from artifix.restoration.attributes import copy_attributes, permissions
from artifix.restoration.bound import bound_of
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import Progress
from artifix.restoration.origin import is_made, origin_of
from artifix.restoration.policy import decision_for
from artifix.threads import ahead
from artifix.video.encoders import Encoding, choose
from artifix.video.formats import container_of
from artifix.video.jpeg_frames import CODEC, jpeg_of
from artifix.video.mux import assemble
from artifix.video.samples import read_samples, with_samples
from artifix.video.segments import SEGMENT, Segments, job_of
from artifix.video.source import Tally, Video, probe, read_frames
from artifix.yuv import add_change, to_ycbcr

_WAITING: Final = 4  # frames between two stages


def restore_video(
    source: str | Path,
    target: str | Path,
    restorer: FileRestorer,
    *,
    codec: str | None = None,
    crf: int | None = None,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
    segment: int = SEGMENT,
    keep_dates: bool = False,
    progress: Progress = lambda share: None,
) -> Record:
    """Restore a video into a file whose suffix names its container; sound, subtitles and all beside it are copied.

    `codec` is h264, hevc or ffv1 (without loss), by default H.264, or HEVC for more than 8 bits; `crf` 0..51 its
    constant rate factor, smaller being better. Memory is that of a few frames. What is done is kept in segments of so
    many frames, in a folder beside the target: after an interruption the same call continues from there. The target
    appears whole or not at all; one that exists is kept if it says that it was made of this source with these settings,
    and is an OutputError if not, unless `overwrite`. A restorer for which no model was named takes the one for the
    video's codec, and the record names it. The target has the source's permissions, and with `keep_dates` its times.
    `progress` takes the share done, 0..1, and may raise to stop.

    VideoError, CodecError and OutputError say what is wrong with the source, the encoder and the target; all of it
    that can be known beforehand is said before the first frame is restored.
    """
    source, target = Path(source), Path(target)
    if not isinstance(restorer, Restorer):
        raise ModelError(f"{source}: is a video, and only networks restore videos")
    container = container_of(target)
    settings = restorer.settings + f" codec={codec or 'default'}" + (f" crf={crf}" if crf is not None else "")
    if not overwrite and is_made(target, source, settings):
        with Segments(target, source) as segments:
            segments.sweep()
        return Record(str(source), str(target), "kept")
    began = time.perf_counter()
    video = probe(source, max_pixels=max_pixels)
    encoding = choose(video, codec, crf)
    restorer = restorer.for_video(video.codec)
    with Segments(target, source) as segments:
        engine = restorer.load()
        asked = {"model": engine.fingerprint, "strength": restorer.strength, "precision": engine.precision}
        if video.codec == CODEC:
            asked |= {"bound": restorer.bound, "force": restorer.force}
        done = segments.begin(job_of(video, encoding, asked, segment))
        tally = Tally()
        behind = sum(len(each.times) for each in done)
        try:
            notes = _try(container, video, encoding, segments)
            with (
                ahead(itertools.islice(read_frames(video, tally), behind, None), _WAITING) as decoded,
                ahead(_restored(decoded, video, encoding, restorer, behind, progress), _WAITING) as frames,
            ):
                for first in frames:
                    rest = itertools.islice(frames, segment - 1)
                    done.append(segments.write(f"{len(done):05}", itertools.chain([first], rest), video, encoding))
        except ArtifixError:
            if not done:  # nothing is there to go on from
                segments.end()
            raise
        with atomic_output(target, overwrite=overwrite, mode=permissions(source)) as file:
            assemble(file, container, video, done, origin_of(source, settings))
        copy_attributes(source, target, dates=keep_dates)
        segments.end()
    progress(1.0)
    seconds = time.perf_counter() - began
    notes = [*notes, *_said(video, encoding, tally)]
    count = sum(len(each.times) for each in done)
    size = video.width, video.height
    return restorer.record(source, target, size, seconds, notes=tuple(notes), frames=count, **restorer.described)


def restore_frame(frame: Any, video: Video, encoding: Encoding, restorer: Restorer, progress: Progress) -> Any:
    """A frame as the encoder takes it, with restored samples and everything else unchanged.

    A frame of Motion JPEG (`jpeg_of`) is restored as a JPEG, by the rules of `decision_for`.
    """
    planes, bound = read_samples(frame, video.layout), None
    picture = jpeg_of(frame, video.layout)
    if picture:
        plan, rule = decision_for(picture, None, bound=restorer.bound, force=restorer.force)
        if plan.leaves:
            return with_samples(frame, planes, video.layout, encoding.like)
        restorer = restorer.for_picture(picture).at(plan.strength)
        restorer = restorer.for_coding(picture.tables, picture.subsampling, told=not rule.coded_before)
        bound = bound_of(picture, rule)
    ycbcr = to_ycbcr(planes, video.layout)
    change = restorer.restore_planes(ycbcr, progress, bound)
    change -= ycbcr
    return with_samples(frame, add_change(planes, change, video.layout), video.layout, encoding.like)


def _restored(
    frames: Iterable[Any], video: Video, encoding: Encoding, restorer: Restorer, behind: int, progress: Progress
) -> Iterator[Any]:
    for number, frame in enumerate(frames, start=behind):

        def report(share: float, number: int = number) -> None:
            progress(min(1.0, (number + share) / video.frames))

        restored = restore_frame(frame, video, encoding, restorer, report)
        restored.pts, restored.duration = frame.pts, frame.duration
        yield restored


def _try(container: str, video: Video, encoding: Encoding, segments: Segments) -> list[str]:
    """Encode one empty frame and write a file's header: what fails after hours otherwise fails now."""
    trial = _empty_frame(encoding, video)
    coded = segments.write("trial", [trial], video, encoding)
    return assemble(io.BytesIO(), container, video, [coded])


def _empty_frame(encoding: Encoding, video: Video) -> Any:
    frame = av.VideoFrame(*encoding.like)
    for plane in read_samples(frame, video.layout):
        plane[:] = 0
    frame.pts, frame.duration = 0, 1
    return frame


def _said(video: Video, encoding: Encoding, tally: Tally) -> Iterator[str]:
    if (encoding.width, encoding.height) != (video.width, video.height):
        yield f"{encoding.width}x{encoding.height}, as {encoding.codec} has no odd sizes"
    if tally.damaged:
        yield f"{tally.damaged} frames were damaged"
    if tally.interlaced:
        yield f"{tally.interlaced} interlaced frames restored as if they were not"
