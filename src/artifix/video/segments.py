"""A video under way: segments of so many frames each, in a folder from which a later run goes on.

In `out.mp4.segments` lie:

job.json      what is being made of what; another job begins anew
00000.json    the frames' timestamps
00000.mkv     the coded frames, there once all of them are
"""

import dataclasses
import itertools
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

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
_DEEPEST: Final = 16  # frames by which H.264 and HEVC may reorder at most


@dataclass(frozen=True)
class Segment:
    """A run of coded frames: their timestamps and durations as shown, and by how many frames coding reorders them."""

    path: Path
    times: list[int]
    durations: list[int]
    delay: int


class Segments:
    """The folder of one job, beside its output; `begin` it first."""

    def __init__(self, target: Path) -> None:
        self.folder = target.with_name(f"{target.name}.segments")

    def begin(self, job: dict[str, Any]) -> list[Segment]:
        """The segments that an earlier run left of this very job; the folder is there afterwards."""
        file = self.folder / "job.json"
        try:
            if self.folder.exists():
                if _read(file) == job:
                    return list(self._whole())
                if not file.exists() and any(path.suffix != ".partial" for path in self.folder.iterdir()):
                    raise OutputError(f"{self.folder}: is in the way; it is no folder of ours")
                self.end()
            self.folder.mkdir(parents=True)
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
            segment = Segment(path, times, durations, _delay(order))
            with atomic_output(path.with_suffix(".json"), overwrite=True) as output:
                output.write(json.dumps({"times": times, "durations": durations}).encode())
        return segment

    def end(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _whole(self) -> Iterator[Segment]:
        """The segments up to the first that is not there, or not all of it: a power cut may leave empty files."""
        for number in itertools.count():
            path = self.folder / f"{number:05}.mkv"
            values = _read(path.with_suffix(".json"))
            try:
                order = [packet.pts for packet in read_packets(path)]
                times, durations = values["times"], values["durations"]
                complete = sorted(order) == list(range(len(times))) and len(durations) == len(times) > 0
            except (OutputError, TypeError, KeyError):
                return
            if not complete:
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
