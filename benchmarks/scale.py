"""Measure folders: one machine's against its bare engine, and a Ray pool's of one and two workers.

    python benchmarks/scale.py --json results/scale.json [--pictures 48] [--side 1000] [--model mse] [--skip-pool]

Run it on an idle machine. The pictures are photographs of scikit-image's, coded as JPEG; the pool needs artifix[ray].
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data as samples

from artifix.codecs import encode
from artifix.machine import machine
from artifix.models.catalog import DEFAULT
from artifix.pool.machines import Pool
from artifix.provenance import add_results
from artifix.restoration import Restorer
from artifix.restoration.options import FileOptions

ROUNDS = 3
QUALITY = 30
WORKERS = (1, 2)


def main() -> None:
    """Measure both and write each as a section of the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--side", type=int, default=1000, help="of each picture, which is square, in pixels")
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--skip-pool", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pictures(folder / "in", options.pictures, options.side)
        about = {"pictures": options.pictures, "side": options.side, "model": options.model, "machine": machine()}
        add_results(options.json, "folder", about | measure_folder(folder, options.side, options.model))
        if not options.skip_pool:
            add_results(options.json, "pool", about | measure_pool(folder, options.model))


def make_pictures(folder: Path, count: int, side: int) -> None:
    """So many different square JPEGs: parts of a photograph, enlarged, mirrored and turned."""
    folder.mkdir()
    astronaut = samples.astronaut()
    for number in range(count):
        shifted = np.rot90(np.roll(astronaut, 37 * number, axis=1), number % 4)
        image = np.asarray(Image.fromarray(shifted).resize((side, side), Image.Resampling.BICUBIC))
        (folder / f"{number:04}.jpg").write_bytes(encode(image, quality=QUALITY))


def measure_folder(folder: Path, side: int, model: str) -> dict[str, Any]:
    """Megapixels a second of the engine alone and of a folder, to JPEG and to PNG; medians, taken in turns."""
    restorer = Restorer(model)
    engine = restorer.load()
    count, pixels = len(list((folder / "in").iterdir())), side * side / 1e6
    even = side - side % restorer.card.multiple
    batch = np.random.default_rng(0).uniform(-1, 1, (1, restorer.card.channels, even, even)).astype(np.float32)

    def bare() -> None:
        for _ in range(count):
            engine(batch)

    def folder_to(suffix: str) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as target:
            records = restorer.restore_folder(folder / "in", target, suffix=suffix)
        if any(record.status != "restored" for record in records):
            raise RuntimeError("a picture was not restored")

    runs = {"engine": bare, "jpeg": lambda: folder_to(".jpg"), "png": lambda: folder_to(".png")}
    engine(batch)
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            speeds[name].append(count * pixels / (time.perf_counter() - began))
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    found: dict[str, Any] = {"precision": engine.precision}
    found["megapixels_per_second"] = {name: round(speed, 3) for name, speed in medians.items()}
    found["share_of_engine"] = {name: round(medians[name] / medians["engine"], 3) for name in ("jpeg", "png")}
    return found


def measure_pool(folder: Path, model: str) -> dict[str, Any]:
    """Each number of workers, one processor each: megapixels a second from the first picture done to the last."""
    from artifix.pool.planning import plan
    from artifix.pool.run import run

    found: dict[str, Any] = {}
    for workers in WORKERS:
        speeds, starts = [], []
        for turn in range(ROUNDS):
            target = folder / f"out-{workers}-{turn}"
            planned = plan(str(folder / "in"), str(target), Restorer(model), FileOptions())
            began = time.time()
            list(run(planned, Pool("ray", workers=workers)))
            rows = sorted(planned.manifest.rows.values(), key=lambda row: row.finished)
            if any(row.status != "restored" for row in rows):
                raise RuntimeError("a picture was not restored")
            # The first of each worker began when nobody was being timed.
            timed = rows[workers:]
            seconds = timed[-1].finished - rows[workers - 1].finished
            speeds.append(sum(row.width * row.height for row in timed) / 1e6 / seconds)
            starts.append(rows[0].finished - rows[0].seconds - began)
        found[str(workers)] = {
            "megapixels_per_second": round(statistics.median(speeds), 3),
            "start_seconds": round(statistics.median(starts), 1),
        }
    pixels = sum(row.width * row.height for row in rows) / 1e6
    written = sum(path.stat().st_size for path in target.glob("*.jpg"))
    precision = Restorer(model, threads=1).load().precision
    return {
        "workers": found,
        "precision": precision,
        "bytes_per_megapixel": {
            "in": round(sum(row.input_bytes for row in rows) / pixels),
            "out": round(written / pixels),
        },
    }


if __name__ == "__main__":
    main()
