"""What goes with the pictures of a video: sound, subtitles, covers, chapters, names."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from artifix.video.restore import restore_video

from .conftest import decoded

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


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
@pytest.mark.parametrize("hours", [1, 10])
def test_a_clock_that_ran_before_moves_all_streams_by_the_same(make_clip, restorer, tmp_path, hours, name):
    """As in a transport stream that was recorded from a broadcast: both streams begin hours after 0."""
    clip, late = make_clip(times=range(0, 200, 20), audio=True), tmp_path / "late.ts"
    delay = Fraction(1, 5)  # of the sound, which is to stay
    with av.open(str(clip)) as film, av.open(str(late), "w", format="mpegts") as container:
        copies = [container.add_stream_from_template(stream) for stream in film.streams]
        for packet in film.demux():
            if packet.size:
                kept = packet.stream_index
                moved = hours * 3600 + (delay if packet.stream.type == "audio" else 0)
                packet.pts += int(moved / packet.time_base)
                packet.dts += int(moved / packet.time_base)
                packet.stream = copies[kept]
                container.mux(packet)
    record = restore_video(late, tmp_path / name, restorer)
    assert record.frames == 10
    tick = Fraction(1, 500)

    def starts(path):
        return [min(time for time, _ in packets(path, kind)) for kind in ("video", "audio")]

    before, after = starts(late), starts(tmp_path / name)
    assert min(before) > hours * 3600 - 1
    assert min(after) <= tick
    assert abs((after[1] - after[0]) - (before[1] - before[0])) <= tick
    first, last = decoded(late), decoded(tmp_path / name)
    assert abs((last[-1][0] - last[0][0]) - (first[-1][0] - first[0][0])) <= tick
