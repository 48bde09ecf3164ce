"""Videos from strangers: restore mutated ones and count how each ends, as `fuzz.py` does with pictures.

    python tests/stress/fuzz_videos.py [--count 500] [--seed 0] [--keep FOLDER] --json results/reliability.json

The videos are six frames each of what artifix reads: MP4, MOV, Matroska, WebM, AVI, MPEG-TS and PS, FLV, Y4M and a bare
stream, by H.264, HEVC, VP9, MPEG-1, MPEG-2, MPEG-4, Motion JPEG and FFV1, with sound, subtitles and a chapter.
"""

import argparse
import io
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from fuzz import fuzz
from fuzz_worker import Worker
from mutations import HEIGHT, WIDTH

from artifix.provenance import add_results
from artifix.restoration import Restorer
from artifix.video.restore import restore_video

# Name of the file -> FFmpeg's name of its container, of its encoder, and the samples' format.
CLIPS: Final = {
    "h264.mp4": ("mp4", "libx264", "yuv420p"),
    "sound.mp4": ("mp4", "libx264", "yuv420p"),
    "jpeg.mov": ("mov", "mjpeg", "yuvj420p"),
    "text.mkv": ("matroska", "libx264", "yuv444p"),
    "hevc.mkv": ("matroska", "libx265", "yuv420p"),
    "lossless.mkv": ("matroska", "ffv1", "yuv420p10le"),
    "vp9.webm": ("webm", "libvpx-vp9", "yuv420p"),
    "mpeg4.avi": ("avi", "mpeg4", "yuv420p"),
    "mpeg2.ts": ("mpegts", "mpeg2video", "yuv420p"),
    "mpeg1.mpg": ("mpeg", "mpeg1video", "yuv420p"),
    "flash.flv": ("flv", "flv", "yuv420p"),
    "plain.y4m": ("yuv4mpegpipe", "rawvideo", "yuv420p"),
}
OPTIONS: Final = {"libx265": {"x265-params": "log-level=none"}, "libvpx-vp9": {"cpu-used": "8"}}
FRAMES: Final = 6
PIXELS: Final = 1 << 15  # of a frame; a header may truly promise more, and then restoring takes its time
QUIET: Final = 0.1  # of a sample's range


class VideoWorker(Worker):
    """A process that restores one video after another."""

    suffix = ".mkv"

    @staticmethod
    def is_whole(path: Path) -> bool:
        """Whether there is a frame, and each can be decoded."""
        try:
            with av.open(str(path)) as container:
                return sum(1 for _ in container.decode(video=0)) > 0
        except av.FFmpegError:
            return False

    @staticmethod
    def restorer() -> Callable[[Path, Path], object]:
        """What restores a video into another, in the process."""
        return partial(restore_video, restorer=Restorer(threads=1), max_pixels=PIXELS)


def main() -> None:
    """Mutate, restore, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    found = fuzz(options.count, options.seed, options.workers, options.keep, seeds(), VideoWorker)
    add_results(options.json, "videos", found | {"count": options.count, "seed": options.seed})
    print(found)


def seeds() -> dict[str, bytes]:
    """Small whole videos, by file name."""
    return {name: _clip(name, *how) for name, how in CLIPS.items()}


def _clip(name: str, container_name: str, encoder: str, pixel_format: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container_name) as container:
        stream: Any = container.add_stream(encoder, Fraction(25))
        # The pictures' sizes, by which lies about them are told; even ones, for all of these codecs.
        stream.width, stream.height, stream.pix_fmt = WIDTH + 1, HEIGHT + 11, pixel_format
        stream.options = OPTIONS.get(encoder, {})
        sound: Any = container.add_stream("aac", 48_000) if name.startswith("sound") else None
        text: Any = container.add_mux_stream("subrip") if name.startswith("text") else None
        if text:
            title = {"title": "one"}
            container.set_chapters(
                [{"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000), "metadata": title}]
            )
        for number in range(FRAMES):
            container.mux(stream.encode(_frame(stream, number)))
        container.mux(stream.encode(None))
        if sound:
            noise = np.random.default_rng(0).uniform(-QUIET, QUIET, (2, 1024)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 0
            container.mux([*sound.encode(frame), *sound.encode(None)])
        if text:
            line = av.Packet(b"a line")
            line.stream, line.time_base, line.pts, line.dts, line.duration = text, Fraction(1, 1000), 0, 0, 50
            container.mux(line)
    return file.getvalue()


def _frame(stream: Any, number: int) -> Any:
    y, x = np.mgrid[: stream.height, : stream.width]
    rgb = np.stack((x * 3 + 9 * number, y * 4, (x * y) % 256), axis=2).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=stream.pix_fmt)
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


if __name__ == "__main__":
    main()
