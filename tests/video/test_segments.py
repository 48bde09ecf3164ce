"""A video that was interrupted: what is kept of it, and how it goes on."""

import itertools
import json
import resource
import signal
from contextlib import contextmanager
from functools import partial

import pytest

from artifix.errors import OutputError, VideoError
from artifix.video import restore
from artifix.video.restore import restore_video

from .conftest import decoded, stretched


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


@pytest.mark.parametrize("spoil", ["empty", "cut", "list", "other", "bit", "times", "swapped", "another's"])
def test_a_spoilt_segment_is_made_anew(make_clip, restorer, tmp_path, spoil):
    clip, out = make_clip("clip.mkv"), tmp_path / "out.mkv"
    whole = tmp_path / "whole.mkv"
    restore_video(clip, whole, restorer, codec="ffv1", segment=2)

    def stop(share):
        if share > 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_video(clip, out, restorer, codec="ffv1", segment=2, progress=stop)
    folder = tmp_path / "out.mkv.segments"
    if spoil == "swapped":
        swap(folder, "00000", "00001")
    elif spoil == "another's":
        other = make_clip("other.mkv", samples=stretched)
        with pytest.raises(KeyboardInterrupt):
            restore_video(other, tmp_path / "other-out.mkv", restorer, codec="ffv1", segment=2, progress=stop)
        for suffix in (".mkv", ".json"):
            (tmp_path / "other-out.mkv.segments" / f"00001{suffix}").replace(folder / f"00001{suffix}")
    else:
        spoil_one(folder / "00001.mkv", spoil)
    restore_video(clip, out, restorer, codec="ffv1", segment=2)
    assert out.read_bytes() == whole.read_bytes()


def spoil_one(segment, spoil):
    data, values = segment.read_bytes(), json.loads(segment.with_suffix(".json").read_text())
    middle = len(data) // 2
    spoilt = {
        "empty": b"",
        "cut": data[:-400],
        "other": b"no video",
        "bit": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
    }
    segment.write_bytes(spoilt.get(spoil, data))
    if spoil == "list":
        segment.with_suffix(".json").write_text("[1, 2]")
    elif spoil == "times":
        segment.with_suffix(".json").write_text(json.dumps(values | {"times": [t + 1 for t in values["times"]]}))


def swap(folder, first, second):
    for suffix in (".mkv", ".json"):
        one, other = folder / f"{first}{suffix}", folder / f"{second}{suffix}"
        one.rename(folder / "aside")
        other.rename(one)
        (folder / "aside").rename(other)


def test_what_somebody_put_among_the_segments_stays(make_clip, restorer, tmp_path):
    clip, out = make_clip(), tmp_path / "out.mp4"

    def stop(share):
        if share > 0.9:
            raise StoppedError

    with pytest.raises(StoppedError):
        restore_video(clip, out, restorer, segment=2, progress=stop)
    (tmp_path / "out.mp4.segments" / "mine.mkv").write_bytes(b"mine")
    restore_video(clip, out, restorer, segment=2, crf=30)  # another job, which begins anew
    assert [path.name for path in (tmp_path / "out.mp4.segments").iterdir()] == ["mine.mkv"]


@pytest.mark.parametrize("name", ["clip.mp4", "00000.mkv"])
def test_an_input_among_the_segments_is_refused_and_stays(make_clip, restorer, tmp_path, name):
    (tmp_path / "out.mkv.segments").mkdir()
    clip = make_clip(f"out.mkv.segments/{name}")
    before = clip.read_bytes()
    with pytest.raises(OutputError, match="where the output's segments are kept"):
        restore_video(clip, tmp_path / "out.mkv", restorer)
    assert clip.read_bytes() == before


def test_two_runs_do_not_make_one_output(make_clip, restorer, tmp_path):
    clip, out = make_clip(), tmp_path / "out.mp4"
    refused = []

    def again(share):
        if not refused:
            with pytest.raises(OutputError, match="another process is making the same output"):
                restore_video(clip, out, restorer)
            refused.append(share)

    assert restore_video(clip, out, restorer, progress=again).status == "restored"
    assert refused
