"""The finished file: the restored frames under their own timestamps, and everything else copied from the source."""

import heapq
import io
import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, BinaryIO, Final

import av

from artifix.errors import OutputError
from artifix.restoration.origin import Origin, with_origin
from artifix.video.container import open_container, reopen_container
from artifix.video.segments import Segment, read_packets
from artifix.video.source import Video, is_cover, open_video

# A cover's codec -> its suffix and type as an attachment, which is what Matroska has for covers.
_COVERS: Final = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png")}
# Channels that AVI and Matroska only count in PCM, as FFmpeg then calls them -> the name that MP4 wants.
_LAYOUTS: Final = {"1 channels": "mono", "2 channels": "stereo"}
_XMP_BOX: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP specification, part 3: MPEG-4
_OF_THE_OLD_FILE: Final = ("major_brand", "minor_version", "compatible_brands", "encoder", "artifix")


def assemble(
    file: BinaryIO, container_name: str, video: Video, segments: Sequence[Segment], origin: Origin | None = None
) -> list[str]:
    """Write a container of this name (FFmpeg's) into a file, and say what of the source it cannot hold.

    Nothing is coded again. All streams move by the same, so that the first begins at 0. The file says its `origin`.
    Without one, this is a trial that ends after the header: whether all of it can be written is then known. OutputError
    if it cannot.
    """
    with open_video(video.path) as source, open_container(file, container_name) as output:
        output.flags |= av.container.core.Flags.bitexact.value  # the same input makes the same file
        output.metadata.update(_kept(source.metadata))
        if origin and container_name == "matroska":
            output.metadata["ARTIFIX"] = origin.attributes
        restored = _add_restored(output, source.streams[video.stream], segments[0], video)
        copies, notes = _add_copies(output, source, video)
        if chapters := source.chapters():
            output.set_chapters([_moved_chapter(chapter, video.start) for chapter in chapters])
        try:
            output.start_encoding()
            if origin:
                packets = (_restored_packets(restored, video, segments), _copied_packets(source, copies, video.start))
                for packet in heapq.merge(*packets, key=_time):
                    output.mux(packet)
            output.close()
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", "") or error
            raise OutputError(f"{video.path}: cannot be put into {container_name} ({reason})") from error
    if origin and container_name != "matroska":
        packet = with_origin(None, origin) or b""
        file.seek(0, io.SEEK_END)
        file.write(struct.pack(">I4s", 8 + len(_XMP_BOX) + len(packet), b"uuid") + _XMP_BOX + packet)
    return notes


def _add_restored(output: Any, original: Any, segment: Segment, video: Video) -> Any:
    with reopen_container(segment.path) as container:
        coded = container.streams.video[0]
        codec = coded.codec_context.name
        try:
            stream = output.add_stream_from_template(coded, opaque=True)
        except ValueError as error:
            raise OutputError(f"{video.path}: {output.format.name} does not hold {codec}; .mkv does") from error
    stream.time_base = video.time_base
    stream.codec_context.framerate = video.rate
    stream.codec_context.sample_aspect_ratio = video.aspect or 0
    video.colours.apply(stream.codec_context)
    if codec == "hevc" and output.format.name != "matroska":
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
        name = getattr(stream, "name", None)
        if name in _COVERS and is_cover(stream) and output.format.name == "matroska":
            suffix, kind = _COVERS[name]
            cover = stream.metadata.get("filename", f"cover.{suffix}")
            output.add_attachment(cover, kind, _first_packet(video, stream.index))
        elif _holds(output.format.name, video, stream.index):
            copies[stream.index] = _add_copy(output, stream)
            _describe(copies[stream.index], stream)
        elif not (name == "bin_data" and source.chapters()):  # QuickTime's own track of chapters, which are copied
            notes.append(f"stream {stream.index} left out: {stream.type} {name or 'of no known codec'}")
    return copies, notes


def _holds(container_name: str, video: Video, index: int) -> bool:
    """Whether a container takes a stream of the source: one is written to memory, with the stream's first packet.

    Some containers, MP4 for one, refuse a stream only as the file is closed; MOV drops covers without a word.
    """
    with open_video(video.path) as source:
        stream = source.streams[index]
        if stream.type == "attachment":
            return container_name == "matroska"
        if stream.type == "data" or (is_cover(stream) and container_name == "mov"):
            return False
        try:
            with open_container(io.BytesIO(), container_name) as output:
                copies = {index: _add_copy(output, stream)}
                output.start_encoding()
                for packet in itertools.islice(_copied_packets(source, copies, video.start), 1):
                    output.mux(packet)
        except (av.FFmpegError, ValueError):
            return False
        return True


def _add_copy(output: Any, stream: Any) -> Any:
    copy = output.add_stream_from_template(stream, opaque=True)
    if stream.type == "audio" and (layout := stream.codec_context.layout.name) in _LAYOUTS:
        copy.codec_context.layout = _LAYOUTS[layout]
    return copy


def _first_packet(video: Video, index: int) -> bytes:
    with open_video(video.path) as source:
        return bytes(next(packet for packet in source.demux(source.streams[index]) if packet.size))


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
    moved = _ticks(video.start, video.time_base)
    times = [time - moved for segment in segments for time in segment.times]
    delay = max(segment.delay for segment in segments)
    step = times[1] - times[0] if len(times) > 1 else 1
    coded = 0
    for segment in segments:
        for packet in read_packets(segment.path):
            number = packet.pts
            packet.stream, packet.time_base = stream, video.time_base
            packet.pts, packet.duration = segment.times[number] - moved, segment.durations[number]
            packet.dts = times[coded - delay] if coded >= delay else times[0] - (delay - coded) * step
            coded += 1
            yield packet


def _copied_packets(source: Any, copies: dict[int, Any], start: Fraction) -> Iterator[Any]:
    if not copies:
        return
    for packet in source.demux([source.streams[index] for index in copies]):
        if packet.size:
            moved = _ticks(start, packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - moved
            packet.dts = None if packet.dts is None else packet.dts - moved
            packet.stream = copies[packet.stream_index]
            yield packet


def _moved_chapter(chapter: Any, start: Fraction) -> Any:
    moved = _ticks(start, chapter["time_base"])
    return chapter | {"start": max(0, chapter["start"] - moved), "end": max(0, chapter["end"] - moved)}


def _ticks(seconds: Fraction, time_base: Fraction) -> int:
    return round(seconds / time_base)


def _time(packet: Any) -> float:
    at = packet.pts if packet.dts is None else packet.dts
    return float((at or 0) * packet.time_base)
