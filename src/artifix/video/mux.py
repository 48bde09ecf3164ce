"""The finished file: the restored frames under their own timestamps, and everything else copied from the source."""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import av

from artifix.errors import OutputError
from artifix.video.container import open_container
from artifix.video.segments import Segment, read_packets
from artifix.video.source import Video, open_video

_OF_THE_OLD_FILE: Final = ("major_brand", "minor_version", "compatible_brands", "encoder")


def assemble(
    file: BinaryIO, container_name: str, video: Video, segments: Sequence[Segment], *, trial: bool = False
) -> list[str]:
    """Write a container of this name (FFmpeg's) into a file, and say what of the source it cannot hold.

    Nothing is coded again. A `trial` ends after the header: whether all of it can be written is then known. OutputError
    if it cannot.
    """
    with (
        open_video(video.path) as source,
        av.open(str(segments[0].path)) as first,
        open_container(file, container_name) as output,
    ):
        output.flags |= av.container.core.Flags.bitexact.value  # the same input makes the same file
        output.metadata.update(_kept(source.metadata))
        restored = _add_restored(output, source.streams[video.stream], first.streams.video[0], video)
        copies, notes = _add_copies(output, source, video)
        if chapters := source.chapters():
            output.set_chapters(chapters)
        try:
            output.start_encoding()
            if not trial:
                packets = (_restored_packets(restored, video, segments), _copied_packets(source, copies))
                for packet in heapq.merge(*packets, key=_time):
                    output.mux(packet)
            output.close()
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", "") or error
            raise OutputError(f"{video.path}: cannot be put into {container_name} ({reason})") from error
    return notes


def _add_restored(output: Any, original: Any, coded: Any, video: Video) -> Any:
    try:
        stream = output.add_stream_from_template(coded, opaque=True)
    except ValueError as error:
        raise OutputError(f"{video.path}: {output.format.name} does not hold {coded.name}; .mkv does") from error
    stream.time_base = video.time_base
    stream.codec_context.framerate = video.rate
    stream.codec_context.sample_aspect_ratio = video.aspect or 0
    video.colours.apply(stream.codec_context)
    if coded.codec_context.name == "hevc" and output.format.name != "matroska":
        stream.codec_context.codec_tag = "hvc1"  # the one of HEVC's two tags that every player takes
    if video.matrix:
        stream.set_display_matrix(video.matrix)
    _describe(stream, original)
    return stream


def _add_copies(output: Any, source: Any, video: Video) -> tuple[dict[int, Any], list[str]]:
    """Streams of the output by the number of the one each copies, and what could not be copied."""
    copies: dict[int, Any] = {}
    notes = []
    for stream in source.streams:
        if stream.index == video.stream:
            continue
        try:
            if stream.type == "data" or (stream.type == "attachment" and output.format.name != "matroska"):
                raise ValueError
            copies[stream.index] = output.add_stream_from_template(stream, opaque=True)
        except ValueError:
            name = getattr(stream, "name", None)
            if not (name == "bin_data" and source.chapters()):  # QuickTime's own track of chapters, which are copied
                notes.append(f"stream {stream.index} left out: {stream.type} {name or 'of no known codec'}")
        else:
            _describe(copies[stream.index], stream)
    return copies, notes


def _describe(stream: Any, original: Any) -> None:
    metadata = _kept(original.metadata)
    if "name" in metadata:  # as a track's title is called when it is read from MP4, but not when it is written
        metadata.setdefault("title", metadata.pop("name"))
    stream.metadata.update(metadata)
    stream.disposition = original.disposition


def _kept(metadata: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in metadata.items() if name.lower() not in _OF_THE_OLD_FILE}


def _restored_packets(stream: Any, video: Video, segments: Sequence[Segment]) -> Iterator[Any]:
    """The segments' packets with the frames' own times, to be decoded each as early as the reordering asks for.

    Packet i is decoded when frame i - delay is shown; before the first frame, one step earlier each.
    """
    times = [time for segment in segments for time in segment.times]
    delay = max(segment.delay for segment in segments)
    step = times[1] - times[0] if len(times) > 1 else 1
    shown = coded = 0
    for segment in segments:
        for packet in read_packets(segment):
            number = packet.pts
            packet.stream, packet.time_base = stream, video.time_base
            packet.pts, packet.duration = segment.times[number], segment.durations[number]
            packet.dts = times[coded - delay] if coded >= delay else times[0] - (delay - coded) * step
            coded += 1
            yield packet
        shown += len(segment.times)
    if coded != shown:
        raise OutputError(f"{segments[0].path.parent}: {coded} frames of {shown} are there; delete it and begin anew")


def _copied_packets(source: Any, copies: dict[int, Any]) -> Iterator[Any]:
    if not copies:
        return
    for packet in source.demux([source.streams[index] for index in copies]):
        if packet.size:
            packet.stream = copies[packet.stream_index]
            yield packet


def _time(packet: Any) -> float:
    at = packet.pts if packet.dts is None else packet.dts
    return float((at or 0) * packet.time_base)
