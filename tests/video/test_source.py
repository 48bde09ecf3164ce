from fractions import Fraction

import av
import numpy as np
import pytest

from artifix.errors import ArtifixError, CodecError, OutputError, VideoError
from artifix.video.encoders import choose
from artifix.video.restore import restore_video
from artifix.video.source import Tally, probe, read_frames


def refused(clip, restorer, tmp_path, error, message, target="out.mp4", **options):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=message) as caught:
        restore_video(clip, tmp_path / target, restorer, **options)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before  # nothing is left behind


def sound_alone(path, with_video=False):
    with av.open(str(path), "w") as container:
        if with_video:
            stream = container.add_stream("libx264", 30)
            stream.width, stream.height = 64, 48
        sound = container.add_stream("pcm_s16le" if path.suffix == ".mkv" else "aac", 48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, 0
        if path.suffix != ".mkv":
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


QUIET = {"x265-params": "log-level=none"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "missing.mp4", r"missing\.mp4: .*No such file"),
        (lambda path: path, "is a folder"),
        (lambda path: [f := path / "a.mp4", f.write_bytes(b"")][0], r"a\.mp4: cannot be read as a video"),
        (lambda path: [f := path / "a.mp4", f.write_bytes(b"no film " * 99)][0], r"a\.mp4: cannot be read as a video"),
        (lambda path: sound_alone(path / "a.m4v"), "has no video stream"),
        (lambda path: sound_alone(path / "a.mkv", with_video=True), "has no frames"),
    ],
)
def test_what_is_no_video_is_refused(restorer, tmp_path, make, message):
    refused(make(tmp_path), restorer, tmp_path, VideoError, message)


def test_a_playlist_that_names_other_files_is_not_followed(make_clip, restorer, tmp_path):
    make_clip("secret.ts")
    playlist = tmp_path / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")
    refused(playlist, restorer, tmp_path, VideoError, "cannot be read as a video")


@pytest.mark.parametrize(
    ("name", "share"), [("clip.mp4", 0.5), ("front.mp4", 0.6), ("clip.mkv", 0.5), ("clip.mkv", 0.7), ("clip.mov", 0.8)]
)
def test_a_file_that_was_cut_off_is_refused(make_clip, restorer, tmp_path, name, share):
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 96))
    clip = make_clip(
        name,
        times=range(0, 60 * 20, 20),
        samples=lambda n, h, w: [noise[n], noise[n][::2, ::2], noise[n][::2, ::2]],
        options={"crf": "30"},
    )
    if name.startswith("front"):  # the index first, so that all but the frames is there
        with (
            av.open(str(clip)) as source,
            av.open(str(tmp_path / "moved.mp4"), "w", container_options={"movflags": "faststart"}) as moved,
        ):
            stream = moved.add_stream_from_template(source.streams.video[0], opaque=True)
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    moved.mux(packet)
        clip = tmp_path / "moved.mp4"
    data = clip.read_bytes()
    clip.write_bytes(data[: int(len(data) * share)])
    refused(clip, restorer, tmp_path, VideoError, r"clip\.|moved\.")


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_damage_within_is_said(make_clip, restorer, tmp_path, codec):
    options = {"x264-params": "keyint=5:bframes=0"} if codec == "libx264" else {}
    clip = make_clip("clip.mkv", codec=codec, options=options, times=range(10), ticks=Fraction(1, 30))
    data = bytearray(clip.read_bytes())
    with av.open(str(clip)) as container:
        hurt = [bytes(packet) for packet in container.demux(video=0)][4]
    at = data.index(hurt)
    data[at + 6 : at + len(hurt)] = bytes(len(hurt) - 6)
    clip.write_bytes(data)
    record = restore_video(clip, tmp_path / "out.mkv", restorer)
    assert any("damaged" in note for note in record.notes)
    assert record.frames in (9, 10)


def test_interlaced_is_refused(make_clip, restorer, tmp_path):
    clip = make_clip(options={"x264-params": "tff=1"})
    refused(clip, restorer, tmp_path, VideoError, "is interlaced")


def test_pq_is_refused_and_hlg_kept_with_its_tags(make_clip, restorer, tmp_path):
    def tagged(trc):
        tags = {"color_range": 1, "colorspace": 9, "color_primaries": 9, "color_trc": trc}
        return make_clip(f"{trc}.mkv", codec="libx265", pix_fmt="yuv420p10le", tags=tags, options=QUIET)

    refused(tagged(16), restorer, tmp_path, VideoError, r"is HDR \(PQ\)")
    restore_video(tagged(18), tmp_path / "out.mp4", restorer)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.format.name, frame.color_trc, frame.colorspace, frame.color_primaries) == (
            "yuv420p10le",
            18,
            9,
            9,
        )


@pytest.mark.parametrize(("codec", "pix_fmt"), [("ffv1", "yuva420p"), ("ffv1", "bgr0"), ("libx265", "gbrp")])
def test_rgb_and_transparency_are_refused(make_clip, restorer, tmp_path, codec, pix_fmt):
    clip = make_clip("clip.mkv", codec=codec, pix_fmt=pix_fmt, options=QUIET if codec == "libx265" else {})
    refused(clip, restorer, tmp_path, VideoError, f"{pix_fmt} is not a format|is not YCbCr")


def test_large_frames_are_refused(make_clip, restorer, tmp_path):
    refused(make_clip(), restorer, tmp_path, VideoError, "--max-pixels", max_pixels=96 * 80 - 1)


def test_an_encoder_that_is_missing_is_named(make_clip, restorer, tmp_path, monkeypatch):
    def missing(name, mode="r"):
        raise av.codec.codec.UnknownCodecError(name)

    clip = make_clip()
    monkeypatch.setattr(av, "Codec", missing)
    refused(clip, restorer, tmp_path, CodecError, "needs the encoder libx265", codec="hevc")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": "out.webm"}, OutputError, r"unknown suffix '\.webm'"),
        ({"codec": "ffv1", "crf": 20, "target": "out.mkv"}, CodecError, "takes no --crf"),
        ({"codec": "ffv1", "target": "out.mov"}, ArtifixError, "out|mov"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_frame(make_clip, restorer, tmp_path, options, error, message):
    def never(share):
        raise AssertionError("a frame was restored")

    refused(make_clip(), restorer, tmp_path, error, message, progress=never, **options)


def test_frames_that_are_too_small_for_hevc_are_refused(make_clip, restorer, tmp_path):
    clip = make_clip(size=(64, 48))
    refused(clip, restorer, tmp_path, CodecError, "hevc is not written below 72 pixels", codec="hevc")


def test_a_depth_that_the_encoder_has_not_is_refused(make_clip, restorer, tmp_path):
    clip = make_clip("clip.mkv", codec="ffv1", pix_fmt="yuv420p12le")
    refused(clip, restorer, tmp_path, CodecError, "h264 is not written with its yuv420p12le", codec="h264")


def test_frames_without_a_usable_time_follow_one_another(make_clip):
    clip = make_clip("clip.h264", ticks=Fraction(1, 30), times=range(6))
    video = probe(clip, max_pixels=10**6)
    times = [frame.pts for frame in read_frames(video, Tally())]
    assert len(times) == 6
    assert times == sorted(set(times))


def test_the_usual_codec_of_each_depth(make_clip):
    eight, ten = make_clip(), make_clip("ten.mkv", codec="ffv1", pix_fmt="yuv420p10le")
    assert choose(probe(eight, max_pixels=10**6)).codec == "h264"
    assert choose(probe(ten, max_pixels=10**6)).codec == "hevc"


def test_transparency_beside_the_frames_is_refused(make_clip, restorer, tmp_path):
    clip = make_clip("clear.webm", codec="libvpx-vp9", pix_fmt="yuva420p")
    with pytest.raises(VideoError, match=r"clear.webm: has transparency"):
        restore_video(clip, tmp_path / "out.mkv", restorer)
    assert list(tmp_path.glob("out*")) == []
