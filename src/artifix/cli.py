"""The command line: one command for each thing a user does; parse, call one function with the same names, print."""

import dataclasses
import json
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.errors import ArtifixError

app = typer.Typer(help="Take the compression out of pictures.", no_args_is_help=True, pretty_exceptions_enable=False)


evaluate_app = typer.Typer(help="Measure how good a restoration is.", no_args_is_help=True)
app.add_typer(evaluate_app, name="evaluate")


class Engine(StrEnum):
    """What runs the network."""

    auto = "auto"
    openvino = "openvino"
    onnxruntime = "onnxruntime"
    torch = "torch"


class Precision(StrEnum):
    """The network's arithmetic."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


class Perceptual(StrEnum):
    """Metrics from other people's packages."""

    ssimulacra2 = "ssimulacra2"
    lpips = "lpips"


class Subsampling(StrEnum):
    """A JPEG's chroma."""

    full = "4:4:4"
    half = "4:2:2"
    quarter = "4:2:0"


def _bytes(text: str | int) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", str(text), re.IGNORECASE)
    if not match:
        raise typer.BadParameter(f"{text!r} is no size; write 1GiB, 500MB or a number of bytes")
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit.upper() or " "))


def _qualities(text: str | list[int]) -> list[int]:
    try:
        qualities = [int(number) for number in str(text).split(",")]
    except ValueError:
        qualities = []
    if not qualities or not all(1 <= quality <= 100 for quality in qualities):
        raise typer.BadParameter(f"{text!r} is no list of qualities; write 10,20,30,40, each 1..100")
    return qualities


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quality = Annotated[int | None, typer.Option(min=1, max=100, help="The output encoder's quality.")]
MaxPixels = Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]


@app.command()
def restore(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Pictures, or folders of pictures.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file, or a folder to mirror into.")] = None,
    model: Annotated[str, typer.Option(help="A shipped model's name, or an .onnx file.")] = "mse",
    strength: Annotated[float, typer.Option(min=0, max=1, help="0: the input, 1: fully restored.")] = 1.0,
    engine: Annotated[Engine, typer.Option(help="What runs the network.")] = Engine.auto,
    precision: Annotated[Precision, typer.Option(help="The network's arithmetic.")] = Precision.auto,
    max_memory: Annotated[int, typer.Option(parser=_bytes, help="For the network, beside the picture.")] = 1 << 30,
    max_pixels: MaxPixels = 500_000_000,
    quality: Quality = None,
    suffix: Annotated[str, typer.Option(help="End of output names: '-clean', '.png' or both as '-clean.png'.")] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders below folders, too.")] = False,
    overwrite: Overwrite = False,
    jobs: Annotated[int, typer.Option(min=1, help="Pictures read and written side by side.")] = 2,
    as_json: Json = False,
) -> None:
    """Restore pictures. Inputs are never touched; without -o, outputs go beside them, named NAME-restored."""
    from artifix.restoration import Record, Restorer
    from artifix.restoration.folder import Pair, Progress, pair_up, restore_all
    from artifix.terminal import RecordDisplay

    pairs = pair_up(inputs, output, recursive=recursive, suffix=suffix)
    restorer = Restorer(model, strength=strength, engine=engine.value, precision=precision.value, max_memory=max_memory)

    with RecordDisplay(len(pairs), as_json) as display:

        def restore_pair(pair: Pair, progress: Progress) -> Record:
            return restorer.restore_file(
                *pair, overwrite=overwrite, quality=quality, max_pixels=max_pixels, progress=progress
            )

        for record in restore_all(pairs, restore_pair, jobs, display.hear):
            display.show(record)
    if display.statuses["failed"]:
        raise typer.Exit(1)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    max_pixels: MaxPixels = 500_000_000,
    as_json: Json = False,
) -> None:
    """Say what pictures tell of their compression."""
    from artifix.evaluate.inspection import inspect as inspect_file

    failed = False
    for file in files:
        try:
            found = inspect_file(file, max_pixels=max_pixels)
        except ArtifixError as error:
            failed = True
            _complain(error)
        else:
            typer.echo(json.dumps(dataclasses.asdict(found)) if as_json else f"{file}: {found.summary}")
    if failed:
        raise typer.Exit(1)


@app.command()
def models(as_json: Json = False) -> None:
    """List the models that ship with artifix, with their cards."""
    from artifix.models.catalog import MODELS
    from artifix.restoration.engine import load_engine

    cards = [load_engine(name, "openvino").card for name in MODELS]
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(card) for card in cards], indent=1))
        return
    for card in cards:
        typer.echo(f"{card.name}: {card.summary}")
        typer.echo(f"  {card.parameters:,} parameters, {card.macs_per_pixel:,} multiply-accumulates a pixel")
        typer.echo(f"  trained {card.steps:,} steps on {card.data}")
        typer.echo(f"  gain on held-out pictures: {_figures(card.figures)}")
        typer.echo(f"  known failures: {card.failures}")


@app.command()
def degrade(
    input: Annotated[Path, typer.Argument(metavar="IN")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The degraded picture; .jpg keeps the coded file.")],
    quality: Annotated[int, typer.Option(min=1, max=100)],
    codec: Annotated[str, typer.Option()] = "jpeg",
    subsampling: Annotated[Subsampling, typer.Option(help="Of the chroma.")] = Subsampling.quarter,
    overwrite: Overwrite = False,
) -> None:
    """Compress a picture on purpose, to see or to measure what comes back."""
    from artifix.codecs import degrade_file

    degrade_file(input, output, codec, quality=quality, subsampling=subsampling.value, overwrite=overwrite)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml")],
    data: Annotated[list[Path], typer.Option(help="A folder of pictures to learn from; may be repeated.")],
    out: Annotated[Path, typer.Option(help="The run's folder: checkpoints, log, curves.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="End within this time, schedule and all.")] = None,
    start: Annotated[Path | None, typer.Option(help="Weights to begin from (.safetensors).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint in the run.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; found out when left out.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that make patches.")] = None,
) -> None:
    """Train a model from a recipe."""
    from artifix.train.run import train_from_files

    checkpoint = train_from_files(
        recipe, data, out, steps=steps, minutes=minutes, start=start, resume=resume, device=device, workers=workers
    )
    typer.echo(f"checkpoint: {checkpoint}")


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A run's folder or one of its checkpoints.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The model, an .onnx file.")],
    summary: Annotated[str, typer.Option(help="For the model card: what it is for.")] = "",
    data: Annotated[str, typer.Option(help="For the model card: what it learned from.")] = "",
    failures: Annotated[str, typer.Option(help="For the model card: where it does badly.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Make a checkpoint into a model that `restore --model` takes."""
    from artifix.train.export import export as export_checkpoint

    card = export_checkpoint(checkpoint, output, summary=summary, data=data, failures=failures, overwrite=overwrite)
    typer.echo(f"{output}: {card.name}, {card.steps:,} steps, {_figures(card.figures)}")


@evaluate_app.command("quality")
def evaluate_quality(
    data: Annotated[Path, typer.Option(help="A folder of undamaged pictures.")],
    qualities: Annotated[
        Any, typer.Option("--quality", parser=_qualities, help="JPEG's, with commas.")
    ] = "10,20,30,40",
    models: Annotated[str, typer.Option("--model", help="jpeg, models' names or .onnx files, with commas.")] = "jpeg",
    colour: Annotated[bool, typer.Option("--colour", help="RGB with 4:2:0 chroma, not the paper's luma.")] = False,
    ensemble: Annotated[bool, typer.Option("--ensemble", help="Also each model's mean over flips and turns.")] = False,
    perceptual: Annotated[list[Perceptual] | None, typer.Option(help="A further metric; may be repeated.")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Keep records here, and go on from them.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and crops.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Pictures measured side by side.")] = 2,
) -> None:
    """Measure models by the protocol of the paper's Table 1, beside its figures."""
    from rich.console import Console
    from rich.progress import Progress

    from artifix.evaluate import quality
    from artifix.evaluate.methods import load_methods
    from artifix.evaluate.page import write_page
    from artifix.evaluate.report import terminal_table

    methods = load_methods(models.split(","), ensemble=ensemble)
    further = [metric.value for metric in perceptual] if perceptual else None
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=1.0)
        results = quality.evaluate_quality(
            data,
            qualities,
            methods,
            colour=colour,
            perceptual=further,
            json_path=json_path,
            jobs=jobs,
            progress=lambda share: bar.update(task, completed=share),
        )
    Console().print(terminal_table(results))
    if html:
        write_page(html, results, data, methods)


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on standard error and exit status 1."""
    try:
        app()
    except ArtifixError as error:
        _complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _complain(error: Any) -> None:
    typer.echo(f"artifix: {error}", err=True)


def _figures(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:+.2f} dB" for name, value in figures.items()) or "none"
