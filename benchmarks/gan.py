"""Measure faithful and vivid models side by side, in colour, on known pictures and on those that training held out.

    python benchmarks/gan.py --data LIVE1 --training FOLDER --training FOLDER --vgg VGG19.safetensors \
        --json results/gan.json [--model jpeg,mse,gan,runs/gan-l1.onnx] [--detail 0.5]

`--training` names the folders that the models learned from; of those, the pictures that `artifix train` holds out are
measured. `--detail` adds the two ways between `mse` and `gan` at that share, by weights and by outputs. Run it again to
go on where it was stopped; only what the file lacks is measured.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from artifix.evaluate.blends import load_blends
from artifix.evaluate.datasets import Dataset, fingerprint, load_dataset
from artifix.evaluate.methods import load_methods
from artifix.evaluate.quality import measure
from artifix.evaluate.rates import jpeg_at
from artifix.evaluate.report import terminal_table
from artifix.evaluate.results import open_results
from artifix.image import READABLE_SUFFIXES
from artifix.models.catalog import DEFAULT, VIVID, model_names
from artifix.train.patches import is_held_out

METHODS = ("jpeg", "mse", "ssim", "gan", "gan-l1", "gan-full-patch")
METRICS = ("ssimulacra2", "vgg19", "texture", "mosquito")
HELD_OUT = "held-out"


def main() -> None:
    """Measure what the results file lacks, and print its tables."""
    options = parse()
    there = ["jpeg", *model_names()]
    names = options.model.split(",") if options.model else [name for name in METHODS if name in there]
    methods = load_methods(names)
    for detail in options.detail:
        methods += load_blends(detail, options.faithful, options.vivid)
    datasets = [load_dataset(folder) for folder in options.data]
    if options.training:
        datasets.append(held_out(options.training))
    results = open_results(options.json, "colour")
    codings = [jpeg_at(int(quality)) for quality in options.quality.split(",")]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for dataset in datasets:
            results.include(dataset)
            task = bar.add_task(dataset.name, total=1.0)
            measure(
                results,
                dataset,
                codings,
                methods,
                perceptual=METRICS,
                vgg=options.vgg,
                jobs=options.jobs,
                progress=lambda share, task=task: bar.update(task, completed=share),
            )
    Console().print(terminal_table(results))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", default=[])
    parser.add_argument("--training", type=Path, action="append", default=[])
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--model", help=f"names or .onnx files, with commas; by default those shipped of {METHODS}")
    parser.add_argument("--detail", type=float, action="append", default=[])
    parser.add_argument("--faithful", default=DEFAULT)
    parser.add_argument("--vivid", default=VIVID)
    parser.add_argument("--quality", default="10,20,30,40")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def held_out(folders: list[Path]) -> Dataset:
    """The pictures below the folders that `artifix train` never shows to a model, whole."""
    files = {file.name: file for folder in folders for file in sorted(folder.rglob("*")) if is_held_out(file)}
    paths = tuple(file for file in files.values() if file.suffix.lower() in READABLE_SUFFIXES)
    if not paths:
        sys.exit("no picture of these folders is held out")
    return Dataset(HELD_OUT, paths, fingerprint(paths), exact=False)


if __name__ == "__main__":
    main()
