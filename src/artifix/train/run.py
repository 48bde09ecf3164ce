"""A training from the command line: recipe and folders in, progress shown, checkpoint out."""

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from artifix.errors import RecipeError
from artifix.train.checkpoint import Progress as Done
from artifix.train.checkpoint import latest_checkpoint
from artifix.train.loop import train
from artifix.train.patches import margin_of, read_pictures
from artifix.train.recipe import load_recipe


def train_from_files(
    recipe_file: Path,
    data: Iterable[Path],
    out: Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    start: Path | None = None,
    resume: bool = False,
    device: str | None = None,
    workers: int | None = None,
) -> Path:
    """Train as `loop.train` does, from a recipe's file and folders of pictures; the last checkpoint's folder.

    `device` None is cuda where there is one, else cpu; `workers` None is every core beside a GPU, and one beside a CPU.
    RecipeError, DataError or ModelError say what is wrong; a run that exists is only gone on with by `resume`.
    """
    recipe = load_recipe(recipe_file)
    if steps is not None:
        recipe = dataclasses.replace(recipe, optimiser=dataclasses.replace(recipe.optimiser, steps=steps))
    if not resume and latest_checkpoint(out):
        raise RecipeError(f"{out}: holds a run already; --resume goes on with it")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if workers is None:
        workers = 1 if device == "cpu" else os.cpu_count() or 1
    console = Console(stderr=True)
    pictures = read_pictures(data, margin_of(recipe.data))
    for reason in pictures.skipped:
        console.print(f"skipped {reason}", markup=False, highlight=False)
    counts = f"{len(pictures.training)} pictures, {len(pictures.held_out)} held out, {len(pictures.skipped)} skipped"
    console.print(f"{recipe.name}: {counts}", markup=False)
    columns = TextColumn("step {task.fields[step]}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, TextColumn("{task.fields[figures]}"), console=console) as bar:
        task = bar.add_task("", total=1.0, step=0, figures="")

        def report(done: Done, spent: float, figures: dict[str, float]) -> None:
            text = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
            bar.update(task, completed=spent, step=done.step, figures=text)

        return train(
            recipe,
            pictures,
            out,
            start=start,
            resume=resume,
            minutes=minutes,
            device=device,
            workers=workers,
            report=report,
        )
