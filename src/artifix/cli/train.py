"""`artifix train`: train a model from a recipe and pictures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import complete_model, complete_recipe


class Pairs(StrEnum):
    """Where the degraded patches of a training are made."""

    workers = "workers"
    device = "device"


class Arithmetic(StrEnum):
    """The arithmetic of a training."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", help="Name of a recipe, such as mse, or a .toml file.", autocompletion=complete_recipe
        ),
    ],
    data: Annotated[list[Path], typer.Option(help="Folder of training pictures; may be repeated.")],
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoints, log and curves.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Number of steps (default: the recipe's).")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Finish within this time; the learning-rate schedule is fitted to it.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="Name of a model, or a model's or checkpoint's .safetensors file, to start from.",
            autocompletion=complete_model,
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the newest checkpoint of the run.")] = False,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG19 weights for perceptual losses, .safetensors (default: torchvision's).")
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            help="Teacher for recipes with a distillation loss: name of a model, or a .safetensors file.",
            autocompletion=complete_model,
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda (default: auto-detect).")] = None,
    precision: Annotated[
        Arithmetic, typer.Option(help="Arithmetic; auto: bf16 where it is faster, otherwise fp32.")
    ] = Arithmetic.auto,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that prepare patches (default: by device).")
    ] = None,
    pairs: Annotated[
        Pairs | None, typer.Option(help="Where patches are degraded (default: on a GPU if there is one).")
    ] = None,
    interval: Annotated[int, typer.Option(min=1, help="Steps between log lines; each one waits for the device.")] = 100,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 1000,
) -> None:
    """Train a model from a recipe.

    To train on several GPUs, run `torchrun --nproc-per-node N -m artifix train ...`.
    """
    from artifix.train.run import train_from_files

    checkpoint = train_from_files(
        recipe,
        data,
        out,
        steps=steps,
        minutes=minutes,
        start=start,
        resume=resume,
        vgg=vgg,
        teacher=teacher,
        device=device,
        precision=precision.value,
        workers=workers,
        pairs=pairs.value if pairs else None,
        interval=interval,
        checkpoint_every=checkpoint_every,
    )
    if checkpoint:
        typer.echo(f"checkpoint: {checkpoint}")


def in_words(figures: dict[str, float]) -> str:
    """The gains in a card, as text."""
    return ", ".join(f"{name} {value:+.2f} dB" for name, value in figures.items()) or "none"
