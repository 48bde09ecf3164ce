"""Measure what int8 costs in quality against fp32, in colour, on known pictures and on a smooth sky.

    python benchmarks/int8.py --data LIVE1 [--model mse,fast,...] [--json results/int8.json]

Run it again to go on where it was stopped.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import Method, load_methods, method_of
from artifix.evaluate.quality import measure
from artifix.evaluate.rates import jpeg_at
from artifix.evaluate.results import open_results
from artifix.restoration import Restorer

ROOT: Final = Path(__file__).parents[1]
QUALITIES: Final = (10, 20, 40, 80)
SUFFIX: Final = " int8"
SKY: Final = "sky"


def main() -> None:
    """Measure what is lacking, and write the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="mse,fast,gan,ssim")
    parser.add_argument("--json", type=Path, default=ROOT / "results" / "int8.json")
    options = parser.parse_args()
    methods = [method for name in options.model.split(",") for method in (*load_methods([name]), in_int8(name))]
    results = open_results(options.json, "colour")
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True), transient=True) as bar:
        (place := Path(folder, SKY)).mkdir()
        Image.fromarray(sky()).save(place / "sky.png")
        for dataset in map(load_dataset, (options.data, place)):
            results.include(dataset)
            task = bar.add_task(dataset.name, total=1.0)
            measure(
                results,
                dataset,
                [jpeg_at(quality) for quality in QUALITIES],
                methods,
                perceptual=("ssimulacra2",),
                progress=lambda share, task=task: bar.update(task, completed=share),
            )


def sky() -> NDArray[np.uint8]:
    """A smooth gradient in blue, where rounding shows first."""
    y, x = np.linspace(0, 1, 256)[:, None], np.linspace(0, 1, 320)
    return np.rint(np.stack([90 + 60 * y + 10 * x, 140 + 50 * y + 8 * x, 220 + 20 * y - 6 * x], -1)).astype(np.uint8)


def in_int8(name: str) -> Method:
    """A model in int8 as a method."""
    restorer = Restorer(name, precision="int8")
    return method_of(restorer, restorer.name + SUFFIX)


if __name__ == "__main__":
    main()
