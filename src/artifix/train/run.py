"""A training from the command line: recipe and folders in, progress shown, checkpoint out."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from artifix.errors import RecipeError
from artifix.machine import cores
from artifix.train.checkpoint import Progress as Done
from artifix.train.checkpoint import latest_checkpoint
from artifix.train.distributed import join_group
from artifix.train.drawings import SIDE, make_drawings
from artifix.train.loop import train
from artifix.train.mixed import codecs_at_hand
from artifix.train.patches import Pictures, margin_of, read_pictures
from artifix.train.precision import Precision
from artifix.train.recipe import load_recipe


def train_from_files(
    recipe_name: str | Path,
    data: Iterable[Path],
    out: Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    start: str | Path | None = None,
    resume: bool = False,
    vgg: Path | None = None,
    teacher: str | Path | None = None,
    device: str | None = None,
    precision: Precision = "auto",
    workers: int | None = None,
    pairs: str | None = None,
    interval: int = 100,
    checkpoint_every: int = 1000,
) -> Path | None:
    """Train as `loop.train` does, from a recipe and folders of pictures; the last checkpoint's folder.

    `recipe_name` is the name of one of our recipes, or the path of a .toml file.

    `device` None is cuda where there is one, else cpu. `pairs` says where patches are degraded, "device" or "workers";
    None is the device if that is a GPU and the codec JPEG. `workers` None is one beside a CPU, four beside a GPU that
    makes the pairs itself, else every core. Under torchrun every process runs this; the first alone shows progress and
    returns a folder, the others None. RecipeError, DataError, ModelError or TrainingError say what is wrong; a run that
    exists is continued only with `resume`.
    """
    recipe = load_recipe(recipe_name)
    if steps is not None:
        recipe = dataclasses.replace(recipe, optimiser=dataclasses.replace(recipe.optimiser, steps=steps))
    if not resume and latest_checkpoint(out):
        raise RecipeError(f"{out}: holds a run already; --resume continues it")
    device = _device(device)
    margin = margin_of(recipe.data)
    if recipe.data.drawings and margin > SIDE:
        raise RecipeError(f"{recipe_name}: data.drawings are {SIDE} pixels wide, and data.patch asks for {margin}")
    on_device = device != "cpu" and recipe.data.codec == "jpeg" if pairs is None else pairs == "device"
    if workers is None:
        workers = 1 if device == "cpu" else 4 if on_device else cores()
    torch.backends.cudnn.benchmark = True  # every batch has the same shape
    with join_group(device) as (group, own_device), _Display(recipe.name, quiet=not group.leads) as display:
        if resume and latest_checkpoint(out) is None:
            display.say(f"{out}: holds no checkpoint, so the run begins anew")

        def read() -> Pictures:
            pictures = read_pictures(data, margin, colour=recipe.network.channels == 3)
            display.pictures(pictures, codecs_at_hand() if recipe.data.codec == "any" else (recipe.data.codec,))
            pixels = sum(picture[..., 0].size for picture in pictures.training)
            pictures.training.extend(make_drawings(recipe.data.drawings, pixels, recipe.seed))
            return pictures

        checkpoint = train(
            recipe,
            read,
            out,
            start=start,
            resume=resume,
            minutes=minutes,
            vgg=vgg,
            teacher=teacher,
            device=own_device,
            precision=precision,
            group=group,
            workers=workers,
            pairs_on_device=on_device,
            interval=interval,
            checkpoint_every=checkpoint_every,
            report=display.report,
        )
    return checkpoint if group.leads else None


def _device(name: str | None) -> str:
    """The device of this name, or the best that is here; RecipeError for one that is not here."""
    here = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    device = name or here[-1]
    if device.partition(":")[0] not in here:
        raise RecipeError(f"{device}: no such device here; choose one of {', '.join(here)}")
    return device


class _Display:
    """What a run shows on standard error: what it found, then how far it is."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self.name, self.console = name, Console(stderr=True, quiet=quiet)
        columns = TextColumn("step {task.fields[step]}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self.bar = Progress(*columns, TextColumn("{task.fields[figures]}"), console=self.console)

    def __enter__(self) -> "_Display":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar.live.is_started:  # Rich ends even a bar that is not shown with an empty line
            self.bar.stop()

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False)

    def pictures(self, found: Pictures, codecs: tuple[str, ...]) -> None:
        for reason in found.skipped:
            self.say(f"skipped {reason}")
        counts = f"{len(found.training)} pictures, {len(found.held_out)} held out, {len(found.skipped)} skipped"
        self.console.print(f"{self.name}: {counts}; coded by {', '.join(codecs)}", markup=False)
        self.task = self.bar.add_task("", total=1.0, step=0, figures="")
        self.bar.start()

    def report(self, done: Done, spent: float, figures: dict[str, float]) -> None:
        text = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
        self.bar.update(self.task, completed=spent, step=done.step, figures=text)
