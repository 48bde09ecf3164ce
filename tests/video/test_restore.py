import io
import itertools
import resource
import signal
from contextlib import contextmanager
from fractions import Fraction
from functools import partial

import av
import numpy as np
import pytest
from PIL import Image

from artifix.errors import ModelError, OutputError, VideoError
from artifix.restoration import Restorer
from artifix.restoration.deblocker import Deblocker
from artifix.video import restore
from artifix.video.restore import restore_video
from artifix.yuv import Layout, add_change, to_ycbcr

from .conftest import TICKS, decoded

UNEVEN = (0, 20, 45, 100, 101, 300, 340)


def with_sound(clip, target, codec):
    """A clip's pictures and a quarter of a second of noise, stereo, in another file."""
    noise = np.random.default_rng(0).integers(-3000, 3000, (1, 2 * 12_000)).astype(np.int16)
    with av.open(str(clip)) as film, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0])
        sound = container.add_stream(codec, 48_000, layout="stereo")
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux([*sound.encode(frame), *sound.encode(None)])
    return target


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size]


def test_frames_are_restored_in_their_own_ycbcr(make_clip, restorer, tmp_path):
    clip = make_clip(audio=True)
    record = restore_video(clip, tmp_path / "out.mkv", restorer, codec="ffv1")
    assert (record.status, record.width, record.height, record.frames) == ("restored", 96, 80, 6)
    layout = Layout()
    for (_, before), (_, after) in zip(decoded(clip), decoded(tmp_path / "out.mkv"), strict=True):
        ycbcr = to_ycbcr(before, layout)
        expected = add_change(before, restorer.restore_planes(ycbcr) - ycbcr, layout)
        assert all(np.array_equal(a, b) for a, b in zip(expected, after, strict=True))
        assert not np.array_equal(before[0], after[0])


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_what_goes_with_the_pictures_stays(make_clip, restorer, tmp_path, codec, name):
    chapter = {"id": 1, "start": 0, "end": 100, "time_base": Fraction(1, 1000), "metadata": {"title": "one"}}
    clip = make_clip(
        times=UNEVEN,
        matrix=90,
        tags={"color_range": 1, "colorspace": 1, "color_primaries": 1, "color_trc": 1},
        aspect=Fraction(4, 3),
        metadata={"title": "a film"},
        chapters=[chapter],
    )
    record = restore_video(clip, tmp_path / name, restorer, codec=codec, segment=3)
    assert record.notes == ()
    exact = not name.endswith(".mkv")  # which counts in milliseconds
    for (before, _), (after, _) in zip(decoded(clip), decoded(tmp_path / name), strict=True):
        assert after == before if exact else abs(after - before) <= Fraction(1, 1000)
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(video=0))
        assert stream.codec_context.name == codec
        assert frame.rotation == 90
        assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        assert container.metadata["title"] == "a film"
        assert "pictures" in stream.metadata.values()
        assert [c["metadata"]["title"] for c in container.chapters()] == ["one"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", name]


def test_sound_is_copied_packet_by_packet(make_clip, restorer, tmp_path):
    clip = make_clip(audio=True)
    restore_video(clip, tmp_path / "out.mp4", restorer)
    assert packets(tmp_path / "out.mp4", "audio") == packets(clip, "audio")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].metadata["language"] == "deu"


def test_subtitles_are_copied_or_said_to_be_left_out(make_clip, restorer, tmp_path):
    clip = make_clip("clip.mkv", subtitles=True)
    assert restore_video(clip, tmp_path / "out.mkv", restorer).notes == ()
    assert packets(tmp_path / "out.mkv", "subtitles") == packets(clip, "subtitles")
    (note,) = restore_video(clip, tmp_path / "out.mp4", restorer).notes
    assert note.startswith("stream 1 left out: subtitle")


def stretched(number, height, width):
    """Samples that use the whole range, footroom and headroom too."""
    rng = np.random.default_rng(number)
    return [rng.integers(0, 256, shape) for shape in ((height, width), (height, width), (height, width))]


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "gray", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gray10le"]
)
@pytest.mark.parametrize("size", [(64, 48), (63, 47)])
def test_nothing_is_lost_where_nothing_is_restored(make_clip, make_model, tmp_path, pix_fmt, size):
    clip = make_clip("clip.mkv", codec="ffv1", pix_fmt=pix_fmt, size=size, samples=stretched, times=(0, 20, 40))
    restore_video(clip, tmp_path / "out.mkv", Restorer(make_model(), strength=0), codec="ffv1")
    for (_, before), (_, after) in zip(decoded(clip), decoded(tmp_path / "out.mkv"), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def fine(number, height, width):
    """Ten bits' worth: a slow ramp."""
    ramp = np.tile(np.linspace(200, 800, width).astype(np.uint16), (height, 1))
    return [ramp, ramp[::2, ::2], ramp[::2, ::2]]


@pytest.mark.parametrize("codec", ["h264", "hevc", "ffv1", None])
def test_ten_bits_stay_ten_bits(make_clip, restorer, tmp_path, codec, monkeypatch):
    clip = make_clip("clip.mkv", codec="ffv1", pix_fmt="yuv420p10le", times=(0, 20))
    restore_video(clip, tmp_path / "out.mkv", restorer, codec=codec, crf=None if codec == "ffv1" else 4)
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert container.streams.video[0].codec_context.name == (codec or "hevc")
        assert container.streams.video[0].pix_fmt == "yuv420p10le"
    samples = decoded(tmp_path / "out.mkv")[0][1][0]
    assert len(np.unique(samples % 4)) == 4


def test_a_full_range_jpeg_film_keeps_its_range(make_clip, restorer, tmp_path):
    clip = make_clip("clip.avi", codec="mjpeg", pix_fmt="yuvj420p", options={}, ticks=Fraction(1, 30), times=range(4))
    for codec in ("h264", "ffv1"):
        restore_video(clip, tmp_path / f"{codec}.mkv", restorer, codec=codec)
        with av.open(str(tmp_path / f"{codec}.mkv")) as container:
            assert next(container.decode(video=0)).color_range == 2


def test_odd_sides_gain_a_row_and_a_column_where_the_codec_must_have_even_ones(make_clip, restorer, tmp_path):
    clip = make_clip("clip.mkv", codec="ffv1", size=(63, 47), times=(0, 20))
    record = restore_video(clip, tmp_path / "out.mp4", restorer)
    assert record.notes == ("64x48, as h264 has no odd sizes",)
    assert decoded(tmp_path / "out.mp4")[0][1][0].shape == (48, 64)
    restore_video(clip, tmp_path / "out.mkv", restorer, codec="ffv1")
    assert decoded(tmp_path / "out.mkv")[0][1][0].shape == (47, 63)


def test_a_smaller_crf_takes_more_bytes(make_clip, restorer, tmp_path):
    clip = make_clip()
    for crf in (10, 40):
        restore_video(clip, tmp_path / f"{crf}.mp4", restorer, crf=crf)
    assert (tmp_path / "10.mp4").stat().st_size > 1.5 * (tmp_path / "40.mp4").stat().st_size


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("codec", ["h264", "hevc", "ffv1"])
@pytest.mark.parametrize("share", [0.3, 0.75, 1.0])
def test_a_broken_run_goes_on_to_the_same_file(make_clip, restorer, tmp_path, codec, share):
    clip = make_clip(times=range(0, 200, 20), audio=True)
    options = {"codec": codec, "segment": 3}
    restore_video(clip, tmp_path / "whole.mkv", restorer, **options)
    target = tmp_path / "out.mkv"

    def stop(done):
        if done > share - 1e-9:
            raise StoppedError

    with pytest.raises(StoppedError):
        restore_video(clip, target, restorer, progress=stop, **options)
    assert not target.exists()
    folder = tmp_path / "out.mkv.segments"
    left = {path.name: path.stat().st_mtime_ns for path in folder.glob("0*.mkv")}
    shares = []
    restore_video(clip, target, restorer, progress=shares.append, **options)
    times = [time for time, _ in decoded(tmp_path / "whole.mkv")]
    assert [time for time, _ in decoded(target)] == times
    if codec != "h264":  # two runs of x264 itself may decide otherwise on such small frames
        assert target.read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    assert not folder.exists()
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) - 1 == 10 - 3 * len(left)  # what was done was not done again
    assert (len(left) > 0) == (share > 0.4)


def test_segments_of_another_job_are_not_gone_on_with(make_clip, restorer, tmp_path):
    clip = make_clip(times=range(0, 200, 20))

    def stop(done):
        if done > 0.7:
            raise StoppedError

    with pytest.raises(StoppedError):
        restore_video(clip, tmp_path / "out.mp4", restorer, segment=3, codec="hevc", progress=stop)
    restore_video(clip, tmp_path / "out.mp4", restorer, segment=3, codec="hevc", crf=30)
    restore_video(clip, tmp_path / "new.mp4", restorer, segment=3, codec="hevc", crf=30)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "new.mp4").read_bytes()


def test_a_folder_of_someone_elses_is_left_alone(make_clip, restorer, tmp_path):
    (tmp_path / "out.mp4.segments").mkdir()
    (tmp_path / "out.mp4.segments" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="in the way"):
        restore_video(make_clip(), tmp_path / "out.mp4", restorer)
    assert (tmp_path / "out.mp4.segments" / "mine.txt").read_text() == "mine"


def test_an_output_that_exists_is_kept_and_the_input_never_replaced(make_clip, restorer, tmp_path):
    clip = make_clip()
    before = clip.read_bytes()
    with pytest.raises(OutputError, match="is the input itself"):
        restore_video(clip, clip, restorer)
    (tmp_path / "out.mp4").write_text("mine")
    assert restore_video(clip, tmp_path / "out.mp4", restorer).status == "kept"
    assert (tmp_path / "out.mp4").read_text() == "mine"
    assert restore_video(clip, tmp_path / "out.mp4", restorer, overwrite=True).status == "restored"
    assert restore_video(clip, clip, restorer, overwrite=True).status == "restored"
    assert clip.read_bytes() != before
    assert len(decoded(clip)) == 6


def test_memory_is_that_of_a_few_frames(make_clip, restorer, tmp_path, monkeypatch):
    """However many frames there are, only so many of them are alive at once."""
    alive, most = set(), [0]
    read, written = restore.read_frames, restore.restore_frame

    def counted_read(*arguments):
        for number, frame in enumerate(read(*arguments)):
            alive.add(number)
            most[0] = max(most[0], len(alive))
            yield frame

    def counted_restore(*arguments):
        alive.discard(min(alive))
        return written(*arguments)

    monkeypatch.setattr(restore, "read_frames", counted_read)
    monkeypatch.setattr(restore, "restore_frame", counted_restore)
    clip = make_clip(times=range(0, 1000, 20))
    restore_video(clip, tmp_path / "out.mp4", restorer)
    assert most[0] <= restore._WAITING + 2


@contextmanager
def full_disk():
    """No file grows beyond 5,000 bytes. Not for a whole test: pytest may write its report to a longer file then."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_a_full_disk_leaves_nothing(make_clip, restorer, tmp_path, codec):
    clip = make_clip("clip.mkv", codec="ffv1", samples=stretched)
    with full_disk(), pytest.raises(OutputError, match=r"cannot be written \(File too large\)$"):
        restore_video(clip, tmp_path / "out.mkv", restorer, codec=codec)
    assert list(tmp_path.iterdir()) == [clip]


def test_what_is_whole_outlasts_an_error_that_comes_after_it(make_clip, restorer, tmp_path, monkeypatch):
    clip, read = make_clip(times=range(0, 200, 20)), restore.read_frames

    def gone(after, *arguments):
        yield from itertools.islice(read(*arguments), after)
        raise VideoError("the drive went away")

    for after, left in ((2, 0), (5, 1)):
        monkeypatch.setattr(restore, "read_frames", partial(gone, after))
        with pytest.raises(VideoError, match="went away"):
            restore_video(clip, tmp_path / "out.mp4", restorer, segment=3)
        assert len(list(tmp_path.glob("out.mp4.segments/0*.mkv"))) == left
        assert (tmp_path / "out.mp4.segments").exists() == bool(left)


@pytest.mark.parametrize(
    ("codec", "options", "model"),
    [("libx264", {}, "mse-video"), ("libx265", {}, "mse-video"), ("libvpx-vp9", {"cpu-used": "8"}, "mse")],
)
def test_a_codec_has_its_model_and_the_record_names_it(make_clip, tmp_path, codec, options, model):
    clip = make_clip("clip.mkv", codec=codec, times=(0, 20), options=options)
    assert restore_video(clip, tmp_path / "out.mkv", Restorer(), codec="ffv1").model == model
    assert restore_video(clip, tmp_path / "named.mkv", Restorer("mse"), codec="ffv1").model == "mse"


def test_a_method_without_a_network_is_refused(make_clip, tmp_path):
    with pytest.raises(ModelError, match=r"clip\.mp4: is a video"):
        restore_video(make_clip(), tmp_path / "out.mp4", Deblocker())


def test_timestamps_count_in_the_films_own_ticks(make_clip, restorer, tmp_path):
    clip = make_clip(times=UNEVEN)
    restore_video(clip, tmp_path / "out.mp4", restorer)
    assert [time for time, _ in decoded(tmp_path / "out.mp4")] == [time * TICKS for time in UNEVEN]


@pytest.mark.parametrize("spoil", ["empty", "cut", "list", "other"])
def test_a_spoilt_segment_is_made_anew(make_clip, restorer, tmp_path, spoil):
    clip, out = make_clip("clip.mkv"), tmp_path / "out.mkv"
    whole = tmp_path / "whole.mkv"
    restore_video(clip, whole, restorer, codec="ffv1", segment=2)

    def stop(share):
        if share > 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_video(clip, out, restorer, codec="ffv1", segment=2, progress=stop)
    second = tmp_path / "out.mkv.segments" / "00001.mkv"
    spoilt = {"empty": b"", "cut": second.read_bytes()[:-400], "other": b"no video", "list": second.read_bytes()}
    second.write_bytes(spoilt[spoil])
    if spoil == "list":
        second.with_suffix(".json").write_text("[1, 2]")
    restore_video(clip, out, restorer, codec="ffv1", segment=2)
    assert out.read_bytes() == whole.read_bytes()


def test_names_may_have_a_colon(make_clip, restorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_clip("10:00.mp4")
    restore_video("10:00.mp4", "12:30.mkv", restorer)
    assert len(decoded(tmp_path / "12:30.mkv")) == 6


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_pcm_without_a_named_layout_is_kept_in_mp4(make_clip, restorer, tmp_path, suffix):
    source = with_sound(make_clip(codec="mpeg4"), tmp_path / f"sound{suffix}", "pcm_s16le")
    record = restore_video(source, tmp_path / "out.mp4", restorer)
    assert record.notes == ()
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.layout.nb_channels == 2


def test_what_a_container_refuses_only_at_its_end_is_left_out_and_said(make_clip, restorer, tmp_path):
    source = with_sound(make_clip(), tmp_path / "sound.mkv", "libopus")
    record = restore_video(source, tmp_path / "out.mov", restorer)
    assert record.notes == ("stream 1 left out: audio opus",)
    assert len(decoded(tmp_path / "out.mov")) == 6


@pytest.mark.parametrize(("name", "kept"), [("out.mkv", True), ("out.mp4", True), ("out.mov", False)])
def test_a_cover_stays_a_cover_or_is_said_to_be_left_out(make_clip, restorer, tmp_path, name, kept):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, "JPEG")
    with av.open(str(make_clip())) as film, av.open(str(tmp_path / "covered.mkv"), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0])
        container.add_attachment("cover.jpg", "image/jpeg", file.getvalue())
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    record = restore_video(tmp_path / "covered.mkv", tmp_path / name, restorer)
    with av.open(str(tmp_path / name)) as container:
        covers = [one for one in container.streams.video if one.disposition & av.stream.Disposition.attached_pic]
        assert len(covers) == len(container.streams) - 1 == int(kept)
        for cover in covers:
            assert bytes(next(container.demux(cover))) == file.getvalue()
    assert record.notes == (() if kept else ("stream 1 left out: video mjpeg",))


def test_frames_of_an_avi_have_its_even_times(make_clip, restorer, tmp_path):
    times = range(0, 240, 20)
    clip = make_clip("clip.avi", times=times, ticks=Fraction(1, 600), options={"bf": "3", "crf": "30"})
    restore_video(clip, tmp_path / "out.mkv", restorer, codec="ffv1")
    found = [float(time) for time, _ in decoded(tmp_path / "out.mkv")]
    assert len(found) == len(times)
    assert np.diff(found) == pytest.approx(1 / 30, abs=2e-3)
