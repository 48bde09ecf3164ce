import json
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app

from .conftest import decoded


def invoke(*arguments):
    return CliRunner().invoke(app, ["restore", *map(str, arguments)])


def test_a_video_is_restored_where_it_is_named(make_clip, make_model, tmp_path):
    clip = make_clip()
    done = invoke(clip, "--model", make_model(), "--codec", "hevc", "--crf", 30)
    assert done.exit_code == 0, done.output
    assert "96x80, 6 frames" in done.output
    with av.open(str(tmp_path / "clip-restored.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "hevc"


def test_pictures_and_videos_go_side_by_side_and_folders_leave_videos_alone(
    make_clip, make_model, tmp_path, photograph
):
    clip = make_clip("clip.webm", codec="libvpx-vp9", options={"cpu-used": "8"})
    Image.fromarray(photograph).save(tmp_path / "a.png")
    done = invoke(clip, tmp_path / "a.png", "-o", tmp_path / "out", "--model", make_model(), "--json")
    assert done.exit_code == 0, done.output
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted((record["width"], record["frames"]) for record in records) == [(96, 6), (128, 1)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "clip.mkv"]
    done = invoke(tmp_path, "-o", tmp_path / "again", "--model", make_model())
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "again").rglob("*.*")] == ["a.png"]


@pytest.mark.parametrize(
    ("target", "message"), [("out.png", "unknown suffix '.png' for a video"), ("out.webm", "expected one of .mp4")]
)
def test_a_target_that_is_no_video_is_one_line(make_clip, make_model, tmp_path, target, message):
    done = invoke(make_clip(), "-o", tmp_path / target, "--model", make_model())
    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_quality_is_not_a_videos(make_clip, make_model):
    done = invoke(make_clip(), "--model", make_model(), "--quality", 80)
    assert done.exit_code == 2
    assert "--quality is for pictures" in " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on(make_clip, make_model, tmp_path, number):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (40, 120, 160))
    clip = make_clip(
        "clip.mkv",
        codec="ffv1",
        size=(160, 120),
        times=range(0, 600 * 20, 20),
        samples=lambda n, h, w: [noise[n % 40], noise[n % 40][::2, ::2], noise[n % 40][::2, ::2]],
    )
    target = tmp_path / "out.mkv"
    command = [sys.executable, "-m", "artifix", "restore", clip, "-o", target]
    command += ["--model", make_model(features=16, blocks=2), "--precision", "fp32", "--codec", "ffv1"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    folder = tmp_path / "out.mkv.segments"
    while process.poll() is None and not (folder / "00000.mkv").exists():
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert not target.exists()
    done = len(list(folder.glob("0*.mkv")))
    assert 1 <= done < 5
    again = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    assert "600 frames" in again.stdout
    assert len(decoded(target)) == 600
    assert not folder.exists()
