"""Measure what the README says of the systems that artifix is compared with: quality and cost of each, in one run.

    python benchmarks/peers.py --data LIVE1_FOLDER [--json results/peers.json] [--known results/table1.json]

Run it on an idle machine. Quality is taken from `--known`, a file of `artifix evaluate quality`, where that has it of
the same model, and measured where not; speed always anew, one picture at a time, the methods in turns, each having all
cores. `python tools/docs/readme.py` fills in the table, and `python tools/docs/cost.py` draws the plot.
"""

import argparse
import json
import shutil
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.methods import JPEG, Method, load_methods, load_peer
from artifix.evaluate.quality import QUALITIES, make_pair
from artifix.evaluate.quality import measure as measure_quality
from artifix.evaluate.rates import jpeg_at
from artifix.evaluate.results import Results, read_results
from artifix.image import read_image
from artifix.machine import machine
from artifix.models.card import ModelCard
from artifix.models.catalog import model_names, read_card
from artifix.provenance import current_commit, today
from artifix.restoration.deblocker import SA_DCT

RESULTS: Final = Path(__file__).parents[1] / "results"
MODEL_NAMES: Final = ("ar-cnn", "l4", "l8", "dncnn-3", "fast", "mse-y", "ssim-y", "gan-y", "gan")
PROGRAM: Final = "jpegqs {in} {out}"
FIGURES: Final = ("psnr", "psnr_b", "ssim", "ssim_gaussian")
TIMED: Final = 3  # pictures
TIMED_QUALITY: Final = 20


def main() -> None:
    """Measure everything and write the JSON file."""
    models = ",".join([JPEG.name, SA_DCT, *(name for name in MODEL_NAMES if name in model_names())])
    programs = [PROGRAM] if shutil.which(PROGRAM.split()[0]) else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, default=RESULTS / "peers.json")
    parser.add_argument("--known", type=Path, default=RESULTS / "table1.json")
    parser.add_argument("--model", default=models, help=f"names or .onnx files, with commas; {models} by default")
    parser.add_argument("--peer-command", action="append", help=f"a program; {programs} by default")
    parser.add_argument("--quality", type=int, nargs="+", default=QUALITIES)
    options = parser.parse_args()
    programs = programs if options.peer_command is None else options.peer_command
    values = measure(options.data, options.quality, options.model.split(","), programs, options.known)
    options.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def measure(
    data: Path, qualities: list[int], names: list[str], programs: list[str], known: Path | None = None
) -> dict[str, Any]:
    """The file's content: by method, its mean figures at each quality, its size and its speed."""
    methods = [method for method in (*load_methods(names), *map(load_peer, programs)) if method.name != JPEG.name]
    dataset = load_dataset(data)
    speeds = measure_speeds(dataset, methods)
    results = read_results(known) if known and known.exists() else Results("luma")
    results.path = None  # which is read only
    results.include(dataset)
    measure_quality(results, dataset, [jpeg_at(quality) for quality in qualities], methods)
    cards = {Path(name).stem: read_card(name) for name in names if name not in (JPEG.name, SA_DCT)}
    return {
        "commit": current_commit(),
        "date": today(),
        "machine": machine(),
        "dataset": dataset.name,
        "pictures": len(dataset.paths),
        "methods": {
            name: size(cards.get(name))
            | {"megapixels_per_second": speeds.get(name)}
            | quality(results, dataset, name, qualities)
            for name in (JPEG.name, *speeds)
        },
    }


def measure_speeds(dataset: Dataset, methods: list[Method]) -> dict[str, float]:
    """Megapixels a second of each method: the median of a few pictures of one size, that most pictures have.

    Each method warms up on the first of them, since networks are compiled for a size.
    """
    sizes = {path: read_image(path).shape[:2] for path in dataset.paths}
    (height, width), _ = Counter(sizes.values()).most_common(1)[0]
    chosen = [path for path in dataset.paths if sizes[path] == (height, width)][:TIMED]
    pairs = [make_pair(path, "luma", TIMED_QUALITY) for path in chosen]
    seconds: dict[str, list[float]] = {method.name: [] for method in methods}
    for number, (_, degraded, file) in enumerate([pairs[0], *pairs]):
        for method in methods:
            began = time.perf_counter()
            method.restore(degraded, file)
            if number:
                seconds[method.name].append(time.perf_counter() - began)
    return {name: round(height * width / 1e6 / statistics.median(taken), 3) for name, taken in seconds.items()}


def size(card: ModelCard | None) -> dict[str, int | None]:
    """What a network's card says of it; None for what is no network."""
    return {name: getattr(card, name, None) for name in ("parameters", "macs_per_pixel")}


def quality(results: Results, dataset: Dataset, method: str, qualities: list[int]) -> dict[str, Any]:
    """The mean figures at each quality."""
    means = [mean for mean in results.means() if (mean.dataset, mean.method) == (dataset.name, method)]
    figures = {mean.quality: {name: round(mean.figures[name], 4) for name in FIGURES} for mean in means}
    return {"quality": {str(quality): figures[quality] for quality in qualities}}


if __name__ == "__main__":
    main()
