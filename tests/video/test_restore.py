"""What becomes of a video's frames: their samples, times and coding."""

from fractions import Fraction

import av
import numpy as np
import pytest

from artifix.engines import loaded
from artifix.errors import ModelError, OutputError
from artifix.models.catalog import DEFAULT
from artifix.restoration import Restorer
from artifix.restoration.deblocker import Deblocker
from artifix.video import restore
from artifix.video.restore import restore_video
from artifix.yuv import Layout, add_change, to_ycbcr

from .conftest import TICKS, decoded, stretched

UNEVEN = (0, 20, 45, 100, 101, 300, 340)


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


def test_an_output_that_exists_is_kept_and_the_input_never_replaced(make_clip, restorer, tmp_path):
    clip = make_clip()
    before = clip.read_bytes()
    with pytest.raises(OutputError, match="is the input itself"):
        restore_video(clip, clip, restorer)
    (tmp_path / "out.mp4").write_text("mine")
    with pytest.raises(OutputError, match="exists already, and does not say"):
        restore_video(clip, tmp_path / "out.mp4", restorer)
    assert (tmp_path / "out.mp4").read_text() == "mine"
    for name in ("out.mp4", "out.mkv", "out.mov"):
        assert restore_video(clip, tmp_path / name, restorer, overwrite=True).status == "restored"
        assert restore_video(clip, tmp_path / name, restorer).status == "kept"
        with pytest.raises(OutputError, match="made with crf default instead of 30"):
            restore_video(clip, tmp_path / name, restorer, crf=30)
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


@pytest.mark.parametrize(
    ("codec", "options", "model"),
    [("libx264", {}, "mse-video"), ("libx265", {}, "mse-video"), ("libvpx-vp9", {"cpu-used": "8"}, DEFAULT)],
)
def test_a_codec_has_its_model_and_the_record_names_it(make_clip, tmp_path, codec, options, model, monkeypatch):
    """No other model is compiled for it."""
    compiled, load = [], loaded.load_engine
    monkeypatch.setattr(loaded, "load_engine", lambda model, *given: (compiled.append(model), load(model, *given))[1])
    clip = make_clip("clip.mkv", codec=codec, times=(0, 20), options=options)
    assert restore_video(clip, tmp_path / "out.mkv", Restorer(), codec="ffv1").model == model
    assert [each.card.name for each in compiled] == [model]
    assert restore_video(clip, tmp_path / "named.mkv", Restorer("mse"), codec="ffv1").model == "mse"


def test_a_method_without_a_network_is_refused(make_clip, tmp_path):
    with pytest.raises(ModelError, match=r"clip\.mp4: is a video"):
        restore_video(make_clip(), tmp_path / "out.mp4", Deblocker())


def test_timestamps_count_in_the_films_own_ticks(make_clip, restorer, tmp_path):
    clip = make_clip(times=UNEVEN)
    restore_video(clip, tmp_path / "out.mp4", restorer)
    assert [time for time, _ in decoded(tmp_path / "out.mp4")] == [time * TICKS for time in UNEVEN]


def test_names_may_have_a_colon(make_clip, restorer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_clip("10:00.mp4")
    restore_video("10:00.mp4", "12:30.mkv", restorer)
    assert len(decoded(tmp_path / "12:30.mkv")) == 6


def test_frames_of_an_avi_have_its_even_times(make_clip, restorer, tmp_path):
    times = range(0, 240, 20)
    clip = make_clip("clip.avi", times=times, ticks=Fraction(1, 600), options={"bf": "3", "crf": "30"})
    restore_video(clip, tmp_path / "out.mkv", restorer, codec="ffv1")
    found = [float(time) for time, _ in decoded(tmp_path / "out.mkv")]
    with av.open(str(clip)) as container:
        first = next(container.demux(video=0))
    assert (len(found), found[0]) == (len(times), pytest.approx(float(first.dts * first.time_base), abs=2e-3))
    assert np.diff(found) == pytest.approx(1 / 30, abs=2e-3)
