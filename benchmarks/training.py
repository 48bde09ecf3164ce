"""Measure what a step of each training recipe costs on this machine, for the table in docs/training.md.

    python benchmarks/training.py --data PHOTOGRAPHS --vgg VGG19.safetensors --json results/training.json
        [--recipe gan] [--steps 20] [--device cuda] [--teacher mse]

Run it on an idle machine. Each recipe runs twice as many steps as are timed; the first half warms up. What the file
says of other recipes or devices stays. Afterwards `python tools/docs/readme.py` fills in the table.
"""

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from artifix.machine import machine
from artifix.models.catalog import DEFAULT
from artifix.provenance import add_results
from artifix.train.loop import train
from artifix.train.patches import Pictures, margin_of, read_pictures
from artifix.train.recipe import Recipe, load_recipe
from artifix.train.recipes import recipe_names


def main() -> None:
    """Time every recipe and add it to the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--recipe", action="append", help="a recipe's name or file; may be repeated; else all")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--teacher", default=DEFAULT, help="of the recipes that learn from a model")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    recipes = [load_recipe(name) for name in options.recipe or recipe_names()]
    pictures = read_pictures(options.data, max(margin_of(recipe.data) for recipe in recipes))
    for recipe in recipes:
        values = cost(recipe, pictures, options.steps, options.device, options.vgg, options.teacher)
        add_results(options.json, f"{recipe.name} {options.device}", values)
        print(f"{recipe.name}: {values['seconds_per_step']:.3f} s a step")


def cost(
    recipe: Recipe, pictures: Pictures, steps: int, device: str, vgg: Path | None, teacher: str | Path | None = None
) -> dict[str, Any]:
    """Seconds a step, over `steps` of them, of the training loop as `artifix train` runs it; and of what size."""
    seconds: list[float] = []
    short = dataclasses.replace(recipe, optimiser=dataclasses.replace(recipe.optimiser, steps=2 * steps))
    on_gpu = device != "cpu"
    torch.backends.cudnn.benchmark = True
    with tempfile.TemporaryDirectory() as folder:
        train(
            short,
            Pictures(pictures.training, [], []),
            Path(folder),
            vgg=vgg if recipe.loss.perceptual else None,
            teacher=teacher,
            device=device,
            workers=4 if on_gpu else 1,
            pairs_on_device=on_gpu and recipe.data.codec == "jpeg",
            interval=steps,
            report=lambda progress, share, figures: seconds.append(progress.seconds),
        )
    if len(seconds) < 2:
        sys.exit(f"{recipe.name}: stopped before it was timed")
    warm, end = seconds
    return {
        "seconds_per_step": round((end - warm) / steps, 4),
        "timed": steps,
        "batch": recipe.data.batch,
        "patch": recipe.data.patch,
        "channels": recipe.network.channels,
        "steps": recipe.optimiser.steps,
        "machine": machine() | ({"gpu": torch.cuda.get_device_name()} if on_gpu else {}),
    }


if __name__ == "__main__":
    main()
