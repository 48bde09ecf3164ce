"""Killed at any moment: `kill -9` a folder run, a video and a training again and again, and look at what is left.

    python tests/stress/kills.py [--count 50] [--only folder,video,training] [--seed 0] --json results/reliability.json

After every kill each input must be what it was, each output absent or whole (the same bytes as without a kill) and the
newest checkpoint must load; started again, a folder run completes what is missing, and a video and a training go on.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np

import artifix
from artifix.provenance import add_results
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state

ARTIFIX = [sys.executable, "-m", "artifix"]
RECIPE = """
name = "killed"
[network]
channels = 1
features = 8
blocks = 1
[data]
patch = 32
batch = 2
[loss]
mse = 1.0
[optimiser]
steps = 1_000_000
"""


def main() -> None:
    """Kill, look, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    experiments = {"folder": kill_folder_runs, "video": kill_videos, "training": kill_trainings}
    parser.add_argument("--only", default=",".join(experiments), help="with commas")
    options = parser.parse_args()
    for name in options.only.split(","):
        experiment = experiments[name]
        with tempfile.TemporaryDirectory() as folder:
            found = experiment(Path(folder), options.count, random.Random(options.seed))
        add_results(options.json, f"killed_{name}", found | {"count": options.count, "seed": options.seed})
        print(name, found)


def kill_folder_runs(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    """Restoring a folder of thirty pictures."""
    inputs = make_pictures(folder / "in", 30, side=256)
    started = time.monotonic()
    subprocess.run([*ARTIFIX, "restore", folder / "in", "-o", folder / "whole"], check=True, capture_output=True)
    full = time.monotonic() - started
    expected = contents(folder / "whole")
    found = {"inputs_changed": 0, "outputs_broken": 0, "outputs_missing": 0, "killed_midway": 0}
    for number in range(count):
        out = folder / f"out{number}"
        command = [*ARTIFIX, "restore", folder / "in", "-o", out]
        kill_after(command, chance.uniform(full / 3, full))
        left = whole_files(out)
        found["killed_midway"] += 0 < len(left) < len(expected)
        subprocess.run(command, check=True, capture_output=True)
        done = whole_files(out)
        found["outputs_broken"] += sum(expected[path] != data for look in (left, done) for path, data in look.items())
        found["outputs_missing"] += len(expected.keys() - done.keys())
        found["inputs_changed"] += contents(folder / "in") != inputs
    return found


def kill_videos(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    """A video of three segments, coded without loss: so each run's frames, and its file, are the same."""
    source, whole = folder / "in.mkv", folder / "whole.mkv"
    make_video(source, frames=300)
    before = source.read_bytes()
    command = [*ARTIFIX, "restore", source, "--codec", "ffv1", "-o"]
    started = time.monotonic()
    subprocess.run([*command, whole], check=True, capture_output=True)
    full = time.monotonic() - started
    found = {"inputs_changed": 0, "outputs_broken": 0, "outputs_missing": 0, "killed_midway": 0, "left_behind": 0}
    for number in range(count):
        out = folder / f"out{number}" / "out.mkv"
        kill_after([*command, out], chance.uniform(full / 3, full))
        found["killed_midway"] += out.parent.exists() and not out.exists()
        found["outputs_broken"] += out.exists() and out.read_bytes() != whole.read_bytes()
        again = subprocess.run([*command, out], capture_output=True, check=False)
        found["outputs_missing"] += again.returncode != 0 or not out.exists()
        found["outputs_broken"] += out.exists() and out.read_bytes() != whole.read_bytes()
        found["left_behind"] += sum(path != out for path in out.parent.rglob("[!.]*"))
        found["inputs_changed"] += source.read_bytes() != before
        shutil.rmtree(out.parent, ignore_errors=True)
    return found


def kill_trainings(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    """A small training with a checkpoint every five steps."""
    inputs = make_pictures(folder / "in", 12, side=128)
    recipe, run = folder / "recipe.toml", folder / "run"
    recipe.write_text(RECIPE)
    command = [*ARTIFIX, "train", recipe, "--data", folder / "in", "--out", run, "--checkpoint-every", "5", "--resume"]
    found = {"inputs_changed": 0, "checkpoints_broken": 0, "starts_refused": 0, "steps_lost": 0}
    started = time.monotonic()
    subprocess.run([*command, "--steps", "5"], check=True, capture_output=True)
    full, before = time.monotonic() - started, 5
    for _ in range(count):
        kill_after(command, chance.uniform(full / 2, 2 * full))
        found["inputs_changed"] += contents(folder / "in") != inputs
        newest = latest_checkpoint(run)
        if newest is None:
            found["steps_lost"] += before
            continue
        try:
            _, progress = read_state(newest)
            load_average(newest)
        except artifix.ArtifixError:
            found["checkpoints_broken"] += 1
            continue
        found["steps_lost"] += max(0, before - progress.step)
        before = progress.step
    done = subprocess.run([*command, "--steps", str(before + 5)], capture_output=True, check=False)
    found["starts_refused"] += done.returncode != 0
    return found | {"steps_at_the_end": before}


def kill_after(command: list[Any], seconds: float) -> None:
    """Start a command and SIGKILL it after a while, if it still runs."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        process.kill()


def make_pictures(folder: Path, count: int, side: int) -> dict[Path, bytes]:
    """Square JPEGs of coarse noise, of which no two are alike."""
    folder.mkdir()
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        picture = noise.repeat(8, axis=0).repeat(8, axis=1)
        artifix.write_image(folder / f"{number}.jpg", picture, quality=30)
    return contents(folder)


def make_video(file: Path, frames: int) -> None:
    """Small noise that moves, by MPEG-4."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", 25)
        stream.height, stream.width, stream.pix_fmt = noise.shape[0], noise.shape[1], "yuv420p"
        for number in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24")))
        container.mux(stream.encode(None))


def contents(folder: Path) -> dict[Path, bytes]:
    """What every file in a folder holds, by its path from there."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def whole_files(folder: Path) -> dict[Path, bytes]:
    """What a folder shows: all but the hidden files that a kill leaves of what was being written."""
    return {path: data for path, data in contents(folder).items() if not path.name.startswith(".")}


if __name__ == "__main__":
    main()
