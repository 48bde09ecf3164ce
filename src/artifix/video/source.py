"""A video to restore: what it is, whether it can be restored at all, and its frames one after the other."""

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.sidedata.sidedata import Type

from artifix.errors import VideoError
from artifix.video import jpeg_frames
from artifix.video.samples import Colours, colours_of, layout_of
from artifix.yuv import Layout

# FFmpeg's demuxers of files; none of those that fetch other files named inside, as playlists do, is ever reached.
_DEMUXERS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,yuv4mpegpipe,h264,hevc,nut,ivf,mxf"
)
_PQ, _HLG, _BT709 = 16, 18, 1  # transfer functions, ITU-T H.273, table 3
_YCBCR: Final = (1, 2, 4, 5, 6, 7, 9)  # matrices of table 4 that make YCbCr, unspecified too
_SHORT: Final = 0.5  # seconds that the last packet may end before a Matroska file says it does
_RATES: Final = range(1, 1001)  # frames a second that are believed
_DEFAULT_RATE: Final = Fraction(25)


@dataclass(frozen=True)
class Video:
    """The facts of a file's video stream."""

    path: Path
    stream: int
    """Its number in the file."""
    codec: str
    width: int
    height: int
    pixel_format: str
    layout: Layout
    colours: Colours
    time_base: Fraction
    """Seconds that timestamps count in."""
    rate: Fraction
    """Frames a second, the mean where it varies."""
    aspect: Fraction | None
    """A sample's width over its height, where the file says so."""
    matrix: tuple[int, ...] | None
    """How it is to be turned when shown, as FFmpeg's display matrix."""
    frames: int
    """How many there are, counted in packets: good for progress, not for more."""
    start: Fraction = Fraction(0)
    """Seconds on the file's clock at which its first stream begins, 0 if that is before 0."""


@dataclass
class Tally:
    """What was met on the way through the frames."""

    damaged: int = 0
    """Packets that could not be decoded, and frames that were only in part."""
    interlaced: int = 0
    """Frames of two fields."""


@contextmanager
def open_video(path: Path) -> Iterator[Any]:
    """The file as PyAV's container; whatever FFmpeg has against it, now or later, is a VideoError."""
    options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
    try:
        # The prefix keeps a name with a colon in it from being taken for another protocol.
        with av.open(f"file:{path}", "r", container_options=options, metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        raise VideoError(f"{path}: cannot be read as a video ({error.strerror})") from error


def probe(path: Path, *, max_pixels: int) -> Video:
    """The facts of a video, once through the whole file without decoding more than its first frame.

    VideoError for a file that is no video, has no video stream or no frame, ends too early, has larger frames than
    `max_pixels`, or is of a kind that the networks do not restore: interlaced, PQ, Dolby Vision without a picture of
    its own, RGB, with transparency.
    """
    if path.is_dir():
        raise VideoError(f"{path}: is a folder")
    with open_video(path) as container:
        index = _main_stream(path, container).index
        count = _count(path, container, index)
    with open_video(path) as container:
        stream = container.streams[index]
        frame = next(_decode(container, stream, Tally()), None)
        if frame is None:
            raise VideoError(f"{path}: has no frame that can be decoded")
        layout = layout_of(frame, stream.codec_context.name)
        reason = _reason_against(frame) or _hidden_alpha(stream)
        if layout is None or reason:
            raise VideoError(f"{path}: {reason or f'{frame.format.name} is not a format that is restored'}")
        if frame.width * frame.height > max_pixels:
            size = f"{frame.width}x{frame.height}"
            raise VideoError(f"{path}: frames of {size} are larger than {max_pixels} pixels; --max-pixels allows more")
        rate = stream.average_rate or stream.guessed_rate
        return Video(
            path,
            index,
            stream.codec_context.name,
            frame.width,
            frame.height,
            frame.format.name,
            layout,
            colours_of(frame),
            stream.time_base,
            rate if rate and int(rate) in _RATES else _DEFAULT_RATE,
            stream.sample_aspect_ratio or None,
            _display_matrix(frame),
            count,
            _start(container),
        )


def read_frames(video: Video, tally: Tally) -> Iterator[Any]:
    """The video's frames, in the order in which they are shown, with timestamps that increase; constant memory.

    The `opaque` of a Motion JPEG frame is its JPEG file, for `jpeg_of`.
    A packet that cannot be decoded is left out and counted. VideoError where a frame has another size or format.
    """
    last: int | None = None
    with open_video(video.path) as container:
        for number, frame in enumerate(_decode(container, container.streams[video.stream], tally)):
            if (frame.width, frame.height, frame.format.name) != (video.width, video.height, video.pixel_format):
                found = f"{frame.width}x{frame.height} {frame.format.name}"
                first = f"{video.width}x{video.height} {video.pixel_format}"
                raise VideoError(f"{video.path}: frame {number} is {found}, the first is {first}")
            tally.interlaced += frame.interlaced_frame
            tally.damaged += frame.is_corrupt
            step = max(1, round(1 / (video.rate * video.time_base)))
            if frame.pts is None:
                frame.pts = 0 if last is None else last + step
            if last is not None and frame.pts <= last:
                frame.pts = last + 1
            if not frame.duration:
                frame.duration = step
            last = frame.pts
            yield frame


def _decode(container: Any, stream: Any, tally: Tally) -> Iterator[Any]:
    stream.thread_type = "AUTO"
    of_jpegs = stream.codec_context.name == jpeg_frames.CODEC
    if of_jpegs:
        jpeg_frames.keep_packets(stream)
    times: deque[int] = deque()
    for packet in container.demux(stream):
        if of_jpegs and packet.size:
            packet.opaque = bytes(packet)
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            tally.damaged += 1
            continue
        # AVI has one time a packet, in the order of coding: the frames have the same times in their own order.
        if container.format.name == "avi" and packet.size and packet.dts is not None:
            times.append(packet.dts)
        for frame in frames:
            if times:
                frame.pts = times.popleft()
            yield frame


def _start(container: Any) -> Fraction:
    """When the first of the streams begins; a recording's clock may have run for hours by then."""
    streams = [stream for stream in container.streams if stream.type in ("video", "audio") and not is_cover(stream)]
    starts = [stream.start_time * stream.time_base for stream in streams if stream.start_time is not None]
    return max(Fraction(0), min(starts, default=Fraction(0)))


def is_cover(stream: Any) -> bool:
    """Whether a stream is a picture that stands for the file."""
    return bool(stream.type == "video" and stream.disposition & av.stream.Disposition.attached_pic)


def _main_stream(path: Path, container: Any) -> Any:
    """The first video stream that is not a cover."""
    for stream in container.streams.video:
        if not is_cover(stream):
            if stream.codec_context is None:
                raise VideoError(f"{path}: there is no decoder for its video stream")
            return stream
    raise VideoError(f"{path}: has no video stream")


def _count(path: Path, container: Any, index: int) -> int:
    """The stream's packets; VideoError if there are none, or if the file ends before it should."""
    count, end = 0, Fraction(0)
    try:
        for packet in container.demux():
            if not packet.size:
                continue
            count += packet.stream_index == index
            if packet.is_corrupt:
                raise VideoError(f"{path}: is cut off, the file ends within a packet")
            if packet.pts is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
    except av.FFmpegError as error:
        raise VideoError(f"{path}: is cut off or broken after {float(end):.1f} s ({error.strerror})") from error
    if not count:
        raise VideoError(f"{path}: its video stream has no frames")
    # Of all containers Matroska alone ends early without a word.
    if container.duration and "matroska" in container.format.name:
        length = container.duration / av.time_base
        if length - float(end) > _SHORT:
            raise VideoError(f"{path}: is cut off, it ends after {float(end):.1f} s of {length:.1f} s")
    return count


def _reason_against(frame: Any) -> str:
    """Why a video with this frame is not restored; empty if it is."""
    if frame.interlaced_frame:
        return "is interlaced, which the networks have not learned; deinterlace it first"
    if frame.color_trc == _PQ:
        return "is HDR (PQ), which the networks have not learned and whose metadata could not be kept"
    if _side_data(frame, Type.DOVI_METADATA) is not None and frame.color_trc not in (_HLG, _BT709):
        return "is Dolby Vision without a picture of its own"
    if frame.colorspace not in _YCBCR:
        return f"is not YCbCr (its matrix is number {frame.colorspace} of ITU-T H.273)"
    return ""


def _hidden_alpha(stream: Any) -> str:
    """Why a WebM with transparency is not restored: it has that beside the frames, where FFmpeg's decoder leaves it."""
    clear = any(name.lower() == "alpha_mode" and value == "1" for name, value in stream.metadata.items())
    return "has transparency, which would be lost" if clear else ""


def _display_matrix(frame: Any) -> tuple[int, ...] | None:
    data = _side_data(frame, Type.DISPLAYMATRIX)
    return None if data is None else struct.unpack("=9i", data)


def _side_data(frame: Any, kind: Type) -> bytes | None:
    return next((bytes(data) for data in frame.side_data if data.type == kind), None)
