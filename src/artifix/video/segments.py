"""The finished part of a video: segments of a fixed number of frames, in a folder from which a later run continues.

In `out.mp4.segments` lie:

job.json      what is being made of what; another job begins anew
00000.json    the frames' timestamps, and a checksum over them, the coded frames, their place and the job
00000.mkv     the coded frames, there once all of them are

Nothing but these files is ever removed.
"""

import dataclasses
import errno
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

import av

from artifix.errors import CodecError, OutputError
from artifix.image import atomic_output
from artifix.video.container import open_container, reopen_container
from artifix.video.encoders import Encoding, add_encoder
from artifix.video.source import Video

# Frames of a segment: what an interruption costs at most, and the distance of key frames at most.
SEGMENT: Final = 120
# Inside a segment frames are numbered, one tick each; 40 ms is a whole number of Matroska's milliseconds.
TICK: Final = Fraction(1, 25)
_JOB: Final = "job.json"
_OURS: Final = re.compile(r"job\.json|(\d{5,}|trial)\.(mkv|json)|\.[0-9a-f]{16}\.partial")
_DEEPEST: Final = 16  # frames by which H.264 and HEVC may reorder at most


@dataclass(frozen=True)
class Segment:
    """A run of coded frames: their timestamps and durations as shown, and by how many frames coding reorders them."""

    path: Path
    times: list[int]
    durations: list[int]
    delay: int


class Segments:
    """The folder of one job, beside its output; `begin` it first. It is this process's alone while the context lasts.

    OutputError if the source lies in it.
    """

    def __init__(self, target: Path, source: Path) -> None:
        self.folder = target.with_name(f"{target.name}.segments")
        if self.folder.resolve() in source.resolve().parents:
            raise OutputError(f"{source}: lies in {self.folder}, where the output's segments are kept; move it")
        self._job: dict[str, Any] = {}
        self._lock: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def begin(self, job: dict[str, Any]) -> list[Segment]:
        """The segments that an earlier run left of this very job; the folder is there afterwards.

        OutputError if it cannot be, is none of ours, or another process is at it.
        """
        self._job = job
        file = self.folder / _JOB
        try:
            if self.folder.exists():
                self._lock = _locked(self.folder)
                if _read(file) == job:
                    return list(self._whole())
                if not file.exists() and any(path.suffix != ".partial" for path in self.folder.iterdir()):
                    raise OutputError(f"{self.folder}: is in the way; it is not a folder of segments")
                self._remove()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder) if self._lock is None else self._lock
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made a folder ({error.strerror})") from error
        with atomic_output(file) as output:
            output.write(json.dumps(job).encode())
        return []

    def write(self, name: str, frames: Iterable[Any], video: Video, encoding: Encoding) -> Segment:
        """Encode frames into the segment of this name: a number, or "trial"."""
        path = self.folder / f"{name}.mkv"
        times: list[int] = []
        durations: list[int] = []
        order: list[int] = []
        with atomic_output(path, overwrite=True) as file, open_container(file, "matroska") as container:
            stream = _opened(container, video, encoding)
            for frame in itertools.chain(frames, [None]):
                if frame is not None:
                    times.append(frame.pts)
                    durations.append(frame.duration)
                    frame.pts, frame.time_base = len(times) - 1, stream.codec_context.time_base
                    frame.pict_type = 0  # the encoder's own choice, not the decoded frame's
                for packet in _encode(stream, frame, video):
                    # x265 4.2 gives a single frame any decoding time; Matroska keeps none, so any valid one will do.
                    packet.time_base, packet.dts, packet.duration = TICK, len(order) - _DEEPEST, 1
                    order.append(packet.pts)
                    container.mux(packet)
            container.close()
            if sorted(order) != list(range(len(times))):
                raise CodecError(f"{video.path}: {encoding.codec} made {len(order)} packets of {len(times)} frames")
            file.flush()
            values: dict[str, Any] = {"times": times, "durations": durations}
            values["checksum"] = self._checksum(name, values, Path(file.name))
            with atomic_output(path.with_suffix(".json"), overwrite=True) as output:
                output.write(json.dumps(values).encode())
        return Segment(path, times, durations, _delay(order))

    def end(self) -> None:
        """Remove what was written, and the folder if there is nothing else in it."""
        with suppress(OSError):
            self._remove()
            self.folder.rmdir()

    def sweep(self) -> None:
        """Remove what a run left that ended just after its output was whole; unless another process is at it."""
        with suppress(OSError, OutputError):
            if all(_OURS.fullmatch(path.name) for path in self.folder.iterdir()):
                self._lock = _locked(self.folder)
                self.end()

    def _remove(self) -> None:
        for path in sorted(self.folder.iterdir()):
            if _OURS.fullmatch(path.name) and path.name != _JOB:
                path.unlink()
        (self.folder / _JOB).unlink(missing_ok=True)  # the last: without it the folder would be no longer ours

    def _checksum(self, name: str, values: dict[str, Any], path: Path) -> str:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        sealed = [self._job, name, values["times"], values["durations"], content]
        return hashlib.sha256(json.dumps(sealed, sort_keys=True).encode()).hexdigest()

    def _whole(self) -> Iterator[Segment]:
        """The segments up to the first that is not there, or not as it was written."""
        for number in itertools.count():
            path = self.folder / f"{number:05}.mkv"
            values = _read(path.with_suffix(".json"))
            try:
                if values["checksum"] != self._checksum(path.stem, values, path):
                    return
                order = [packet.pts for packet in read_packets(path)]
                times, durations = values["times"], values["durations"]
            except (OSError, OutputError, TypeError, KeyError):
                return
            yield Segment(path, times, durations, _delay(order))


def job_of(video: Video, encoding: Encoding, restorer: dict[str, Any], length: int) -> dict[str, Any]:
    """All that decides what the segments hold, as JSON has it."""
    status = video.path.stat()
    return {
        "source": [str(video.path.resolve()), status.st_size, status.st_mtime_ns],
        "encoding": dataclasses.asdict(encoding),
        "restorer": restorer,
        "segment": length,
        "pyav": av.__version__,
    }


def read_packets(path: Path) -> Iterator[Any]:
    """A segment's packets in their order, `pts` being the frame's number in it; OutputError if it cannot be read."""
    with reopen_container(path) as container:
        for packet in container.demux(video=0):
            if packet.size:
                packet.pts = round(packet.pts * packet.time_base / TICK)
                yield packet


def _delay(order: list[int]) -> int:
    """By how many frames coding reorders them: how late a frame comes at most."""
    return max((coded - number for coded, number in enumerate(order)), default=0)


def _opened(container: Any, video: Video, encoding: Encoding) -> Any:
    stream = add_encoder(container, video, encoding)
    try:
        container.start_encoding()
    except (av.FFmpegError, ValueError) as error:
        size = f"{encoding.width}x{encoding.height} {encoding.pixel_format}"
        raise CodecError(
            f"{video.path}: {encoding.codec} does not take {size} ({getattr(error, 'strerror', '') or error})"
        ) from error
    return stream


def _encode(stream: Any, frame: Any, video: Video) -> Any:
    try:
        return stream.encode(frame)
    except av.FFmpegError as error:
        raise CodecError(f"{video.path}: {stream.codec_context.name} failed ({error.strerror})") from error


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _locked(folder: Path) -> int | None:
    """A folder opened as this process's own until it is closed; None where the system has no such thing.

    OutputError if another process has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise OutputError(f"{folder}: another process is making the same output") from None
        return None  # a file system without locks
    return descriptor
