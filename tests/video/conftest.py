from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av")

from artifix.restoration import Restorer  # noqa: E402

TICKS = Fraction(1, 600)


def moving(number, height, width):
    """Samples of a frame's planes in 4:2:0, a pattern that moves with its number."""
    y, x = np.mgrid[:height, :width]
    luma = 110 + 60 * np.sin((x + 3 * number) / 5) + 30 * np.cos((y - number) / 7)
    half = -(-height // 2), -(-width // 2)
    cb, cr = np.full(half, 100 + 2 * number), 140 + 20 * np.sin(np.mgrid[: half[0], : half[1]][1] / 4)
    return [plane.astype(np.uint8) for plane in (luma, cb, cr)]


def stretched(number, height, width):
    """Samples that use the whole range, footroom and headroom too."""
    rng = np.random.default_rng(number)
    return [rng.integers(0, 256, shape) for shape in ((height, width), (height, width), (height, width))]


@pytest.fixture
def make_clip(tmp_path):
    """make_clip("clip.mp4", times=..., ...) -> its path: 6 frames of 96x80 H.264 unless told otherwise."""

    def make(
        name="clip.mp4",
        *,
        times=(0, 20, 40, 60, 80, 100),
        size=(96, 80),
        codec="libx264",
        pix_fmt="yuv420p",
        options=None,
        audio=False,
        subtitles=False,
        matrix=None,
        tags=None,
        aspect=None,
        metadata=None,
        chapters=None,
        samples=moving,
        ticks=TICKS,
    ):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            container.metadata.update(metadata or {})
            stream = container.add_stream(codec, Fraction(30))
            stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
            stream.time_base = stream.codec_context.time_base = ticks
            stream.options = options or ({"crf": "35", "bf": "2"} if codec == "libx264" else {})
            stream.metadata["title"] = "pictures"
            for tag, value in (tags or {}).items():
                setattr(stream.codec_context, tag, value)
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            if matrix is not None:
                stream.set_display_rotation(matrix)
            sound = None
            if audio:
                sound = container.add_stream("aac", 48_000)
                sound.metadata["language"] = "deu"
            text = None
            if subtitles:
                text = container.add_mux_stream("subrip")
            if chapters:
                container.set_chapters(chapters)
            for number, time in enumerate(times):
                frame = av.VideoFrame(*size, pix_fmt)
                depth = frame.format.components[0].bits
                for plane, values in zip(frame.planes, samples(number, size[1], size[0]), strict=False):
                    values = values.astype(np.uint16) << depth - 8 if depth > 8 else values.astype(np.uint8)
                    rows = np.frombuffer(plane, values.dtype).reshape(-1, plane.line_size // values.itemsize)
                    rows[: plane.height, : plane.width] = np.resize(values, (plane.height, plane.width))
                for tag, value in (tags or {}).items():
                    setattr(frame, tag, value)
                frame.pts, frame.time_base = time, ticks
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound:
                rng = np.random.default_rng(0)
                for start in range(0, 8 * 1024, 1024):
                    noise = rng.uniform(-0.2, 0.2, (2, 1024)).astype(np.float32)
                    frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="stereo")
                    frame.sample_rate, frame.pts = 48_000, start
                    container.mux(sound.encode(frame))
                container.mux(sound.encode(None))
            if text:
                for start in (0, 100):
                    line = av.Packet(b"said at %d ms" % start)
                    line.stream, line.time_base = text, Fraction(1, 1000)
                    line.pts, line.dts, line.duration = start, start, 50
                    container.mux(line)
        return path

    return make


@pytest.fixture(scope="session")
def restorer(make_model):
    """A small network of random weights that changes what it sees."""
    return Restorer(make_model(), precision="fp32")


def decoded(path):
    """Every frame: its time in seconds and its planes."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = []
            for plane in frame.planes:
                kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
                rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)
                planes.append(rows[: plane.height, : plane.width].copy())
            frames.append((frame.pts * frame.time_base, planes))
    return frames
