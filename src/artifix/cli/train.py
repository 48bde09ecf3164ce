"""`artifix train` and `artifix export`: recipes and pictures in, models out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Pairs(StrEnum):
    """What makes a training's degraded patches."""

    workers = "workers"
    device = "device"


class Arithmetic(StrEnum):
    """What a training computes in."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml")],
    data: Annotated[list[Path], typer.Option(help="A folder of pictures to learn from; may be repeated.")],
    out: Annotated[Path, typer.Option(help="The run's folder: checkpoints, log, curves.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="End within this time, schedule and all.")] = None,
    start: Annotated[Path | None, typer.Option(help="A model or a checkpoint (.safetensors) to begin from.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint in the run.")] = False,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG19 for perceptual losses (.safetensors); or torchvision's.")
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="The model that a recipe with a distilled loss learns from.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; found out when left out.")] = None,
    precision: Annotated[
        Arithmetic, typer.Option(help="What to compute in: bf16 where it is quicker, or as told.")
    ] = Arithmetic.auto,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that make or draw patches.")] = None,
    pairs: Annotated[Pairs | None, typer.Option(help="What degrades patches; a GPU does it itself.")] = None,
    interval: Annotated[int, typer.Option(min=1, help="Steps between log lines, each a wait for the device.")] = 100,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 1000,
) -> None:
    """Train a model from a recipe; on several GPUs by `torchrun --nproc-per-node N -m artifix train ...`."""
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


def export(
    checkpoint: Annotated[Path, typer.Argument(help="A run's folder or one of its checkpoints.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The model, a .safetensors file; .onnx for other programs.")
    ],
    summary: Annotated[str, typer.Option(help="For the model card: what it is for.")] = "",
    data: Annotated[str, typer.Option(help="For the model card: what it learned from.")] = "",
    failures: Annotated[str, typer.Option(help="For the model card: where it does badly.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
) -> None:
    """Make a checkpoint into a model that `restore --model` takes."""
    from artifix.train.export import export as export_checkpoint

    card = export_checkpoint(checkpoint, output, summary=summary, data=data, failures=failures, overwrite=overwrite)
    typer.echo(f"{output}: {card.name}, {card.steps:,} steps, {in_words(card.figures)}")


def in_words(figures: dict[str, float]) -> str:
    """A card's figures on held-out pictures, for people."""
    return ", ".join(f"{name} {value:+.2f} dB" for name, value in figures.items()) or "none"
