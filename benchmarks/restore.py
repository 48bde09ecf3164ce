"""Measure what the README says of restoring, on this machine: gain, start-up, a large picture.

    python benchmarks/restore.py --data LIVE1_FOLDER --json results/restore.json [--skip-large]

Run it on an idle machine. `--data` names the 29 LIVE1 references; the 100-megapixel picture takes minutes. How fast
each engine is, `artifix bench` measures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data as samples

import artifix
from artifix.codecs import decode, encode
from artifix.evaluate.metrics import psnr
from artifix.machine import machine
from artifix.models.catalog import DEFAULT
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer

QUALITIES = (10, 20, 30, 40, 60, 80, 90, 95, 100)
REPEATS = 5
ARTIFIX = [sys.executable, "-m", "artifix"]


def main() -> None:
    """Measure everything and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--skip-large", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = {
            "commit": current_commit(),
            "date": today(),
            "model": options.model,
            "machine": machine(),
            "start_up": start_up(Path(folder), options.model),
            "gain": gain(options.data, options.model),
        }
        if not options.skip_large:
            results["large"] = large(Path(folder), options.model)
    options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def picture(height: int, width: int) -> np.ndarray:
    """A photograph of the asked size: scikit-image's astronaut, enlarged or repeated."""
    astronaut = samples.astronaut()
    if height * width <= 1_000_000:
        return np.asarray(Image.fromarray(astronaut).resize((width, height), Image.Resampling.BICUBIC))
    return np.tile(astronaut, (-(-height // 512), -(-width // 512), 1))[:height, :width]


def start_up(folder: Path, model: str) -> dict[str, float]:
    """Seconds of wall time, process start included: `--help`, and a 0.4-megapixel JPEG restored."""
    small = folder / "small.jpg"
    small.write_bytes(encode(picture(548, 730), quality=20))
    restore = ["restore", str(small), "-o", str(folder / "small.png"), "--overwrite", "--model", model]
    return {
        "help": seconds(lambda: subprocess.run([*ARTIFIX, "--help"], check=True, capture_output=True)),
        "restore_0.4_megapixel": seconds(lambda: subprocess.run([*ARTIFIX, *restore], check=True, capture_output=True)),
    }


def gain(folder: Path, model: str) -> dict[str, dict[str, float]]:
    """PSNR over RGB, dB, of 4:2:0 JPEGs of the pictures in a folder, before and after, mean over the pictures.

    From file to PNG as `artifix restore` does it, the file's bound included, but in fp32, so that it does not depend on
    the processor. `worst` is the gain of the picture that gains least.
    """
    restorer = Restorer(model, precision="fp32")
    files = sorted(folder.iterdir())
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        coded, restored = Path(temporary, "coded.jpg"), Path(temporary, "restored.png")
        for quality in QUALITIES:
            before, after = [], []
            for file in files:
                target = artifix.read_image(file)
                data = encode(target, quality=quality)
                coded.write_bytes(data)
                restorer.restore_file(coded, restored, overwrite=True)
                before.append(psnr(decode(data), target))
                after.append(psnr(artifix.read_image(restored), target))
            found[str(quality)] = {
                "pictures": len(files),
                "jpeg": round(statistics.fmean(before), 3),
                "restored": round(statistics.fmean(after), 3),
                "worst": round(min(b - a for a, b in zip(before, after, strict=True)), 3),
            }
    return found


def large(folder: Path, model: str) -> dict[str, float]:
    """A 100-megapixel JPEG from file to file: seconds, and the process's peak resident memory in GiB."""
    source = folder / "large.jpg"
    source.write_bytes(encode(picture(10_000, 10_000), quality=30))
    command = [*ARTIFIX, "restore", str(source), "-o", str(folder / "large-restored.jpg"), "--model", model]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError("the 100-megapixel picture was not restored")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": round(time.perf_counter() - began, 1), "peak_gib": round(peak / 2**30, 3)}


def seconds(run: Any) -> float:
    """Median wall time of a call, after one that warms up."""
    run()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return round(statistics.median(times), 3)


if __name__ == "__main__":
    main()
