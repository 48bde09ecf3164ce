"""Measure what the README says of the systems that artifix is compared with: quality and cost of each, in one run.

    python benchmarks/peers.py --data LIVE1_FOLDER --json results/peers.json

Run it on an idle machine: pictures go one after the other, each method having all cores. Afterwards
`python benchmarks/cost.py` draws the plot and `python benchmarks/readme.py` fills in the table.
"""

import argparse
import datetime
import json
import math
import shutil
import statistics
from pathlib import Path
from typing import Any, Final

from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.methods import JPEG, load_methods, load_peer
from artifix.evaluate.quality import QUALITIES, evaluate_quality
from artifix.evaluate.results import Results
from artifix.image import read_image
from artifix.machine import machine
from artifix.models.card import ModelCard
from artifix.models.catalog import MODELS
from artifix.provenance import current_commit
from artifix.restoration.deblocker import SA_DCT
from artifix.restoration.engine import read_card

MODEL_NAMES: Final = ("mse", "mse-y", "fast", "ar-cnn", "l4", "l8", "dncnn-3")
PROGRAM: Final = "jpegqs {in} {out}"
FIGURES: Final = ("psnr", "psnr_b", "ssim", "ssim_gaussian")


def main() -> None:
    """Measure everything and write the JSON file."""
    models = ",".join([JPEG.name, SA_DCT, *(name for name in MODEL_NAMES if name in MODELS)])
    programs = [PROGRAM] if shutil.which(PROGRAM.split()[0]) else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--model", default=models, help=f"names or .onnx files, with commas; {models} by default")
    parser.add_argument("--peer-command", action="append", help=f"a program; {programs} by default")
    parser.add_argument("--quality", type=int, nargs="+", default=QUALITIES)
    options = parser.parse_args()
    programs = programs if options.peer_command is None else options.peer_command
    values = measure(options.data, options.quality, options.model.split(","), programs)
    options.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def measure(data: Path, qualities: list[int], names: list[str], programs: list[str]) -> dict[str, Any]:
    """The file's content: by method, its mean figures at each quality, its size and its speed."""
    methods = [*load_methods(names), *map(load_peer, programs)]
    results = evaluate_quality(data, qualities, methods, jobs=1)
    dataset = load_dataset(data)
    cards = {Path(name).stem: read_card(name) for name in names if name not in (JPEG.name, SA_DCT)}
    return {
        "commit": current_commit(),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "dataset": dataset.name,
        "pictures": len(dataset.paths),
        "methods": {
            name: size(cards.get(name)) | speed(results, dataset, name) | quality(results, name)
            for name in dict.fromkeys([JPEG.name, *(method.name for method in methods)])
        },
    }


def size(card: ModelCard | None) -> dict[str, int | None]:
    """What a network's card says of it; None for what is no network."""
    return {name: getattr(card, name, None) for name in ("parameters", "macs_per_pixel")}


def speed(results: Results, dataset: Dataset, method: str) -> dict[str, float | None]:
    """Megapixels a second: the median over pictures and qualities, which the first of each size do not move.

    None for JPEG, which is no work.
    """
    if method == JPEG.name:
        return {"megapixels_per_second": None}
    pixels = {path.name: math.prod(read_image(path).shape[:2]) for path in dataset.paths}
    records = [record for record in results.records.values() if record.method == method]
    speeds = [pixels[record.image] / 1e6 / record.seconds for record in records]
    return {"megapixels_per_second": round(statistics.median(speeds), 3)}


def quality(results: Results, method: str) -> dict[str, Any]:
    """The mean figures at each quality."""
    means = [mean for mean in results.means() if mean.method == method]
    return {"quality": {str(mean.quality): {name: round(getattr(mean, name), 4) for name in FIGURES} for mean in means}}


if __name__ == "__main__":
    main()
