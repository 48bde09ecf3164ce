"""The command line: one command for each thing a user does; parse, call one function with the same names, print."""

import dataclasses
import io
import itertools
import json
import math
import signal
import sys
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.cli.bench import bench
from artifix.cli.evaluate import evaluate_app
from artifix.cli.output_format import Bound, BoundOption, FormatOption, with_format
from artifix.cli.quantise import quantise
from artifix.cli.serve import serve
from artifix.cli.sizes import parse_size
from artifix.cli.study import study_app
from artifix.cli.train import export, in_words, train
from artifix.cli.verify import verify
from artifix.errors import ArtifixError
from artifix.printable import printable

app = typer.Typer(help="Take the compression out of pictures.", no_args_is_help=True, pretty_exceptions_enable=False)


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
    int8 = "int8"


class EnginePool(StrEnum):
    """What shares a folder among machines."""

    ray = "ray"


class Codec(StrEnum):
    """What degrades a picture."""

    jpeg = "jpeg"
    webp = "webp"
    jpeg2000 = "jpeg2000"
    avif = "avif"
    hevc = "hevc"
    bpg = "bpg"
    h264 = "h264"


class VideoCodec(StrEnum):
    """What a restored video is coded by."""

    h264 = "h264"
    hevc = "hevc"
    ffv1 = "ffv1"


class Subsampling(StrEnum):
    """A degraded picture's chroma."""

    full = "4:4:4"
    half = "4:2:2"
    quarter = "4:2:0"


def _number(value: float) -> float:
    if math.isnan(value):  # which is neither below nor above any limit
        raise typer.BadParameter("nan is no number")
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quality = Annotated[int | None, typer.Option(min=1, max=100, help="The output encoder's quality.")]
MaxPixels = Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]


@app.command()
def restore(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Pictures, videos, folders; - is standard input.")
    ],
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="A file, a folder to mirror into, or - .")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A shipped model's name, a .safetensors file, or sa-dct (JPEGs); else what suits each format."
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1, callback=_number, help="0: the input, 1: fully restored.")
    ] = 1.0,
    detail: Annotated[
        float, typer.Option(min=0, max=1, callback=_number, help="0: faithful, as --model; 1: vivid, as --vivid.")
    ] = 0.0,
    vivid: Annotated[str, typer.Option(help="What --detail leads to: a model of the same beginning.")] = "gan",
    force: Annotated[bool, typer.Option("--force", help="Restore good and clean pictures in full, too.")] = False,
    engine: Annotated[Engine, typer.Option(help="What runs the network.")] = Engine.auto,
    precision: Annotated[Precision, typer.Option(help="The network's arithmetic.")] = Precision.auto,
    bound: BoundOption = Bound.auto,
    max_memory: Annotated[int, typer.Option(parser=parse_size, help="For the network, beside the picture.")] = 1 << 30,
    max_pixels: MaxPixels = 500_000_000,
    quality: Quality = None,
    format: FormatOption = None,
    codec: Annotated[
        VideoCodec | None, typer.Option(help="A video's; else h264, or hevc for more than 8 bits. ffv1 has no loss.")
    ] = None,
    crf: Annotated[int | None, typer.Option(min=0, max=51, help="A video's rate factor; smaller is better.")] = None,
    suffix: Annotated[str, typer.Option(help="End of output names: '-clean', '.png' or both as '-clean.png'.")] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders below folders, too.")] = False,
    overwrite: Overwrite = False,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Restore what is there of JPEGs that were cut off.")
    ] = False,
    keep_dates: Annotated[bool, typer.Option("--keep-dates", help="Outputs are as old as their inputs.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if anything in a folder was left alone.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Pictures read and written side by side.")] = 2,
    engine_pool: Annotated[
        EnginePool | None, typer.Option(help="Many machines for one folder, from and to any address as s3://...")
    ] = None,
    address: Annotated[str | None, typer.Option(help="The pool's cluster; else this machine alone.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="The pool's size; else all of its processors.")] = None,
    worker_cpus: Annotated[int, typer.Option(min=1, help="Processors for each worker of the pool.")] = 1,
    as_json: Json = False,
) -> None:
    """Restore pictures and videos. Inputs stay as they are; without -o, outputs go beside them, named NAME-restored.

    An output that exists is kept if it says that it was made of this input with these settings; any other is an error.
    What is read from a pipe goes to standard output without -o, in its own format or that of --suffix.

    A video is one that is named; in folders only pictures are restored, and a line says what was left alone. A video
    that was interrupted goes on when the same command is run again, from NAME.segments beside its output.
    """
    from artifix.cli.leaving import leaving_in_time
    from artifix.cli.pipes import STANDARD, Pipes, check_pipes, is_pipe
    from artifix.restoration import Record, load_restorer
    from artifix.restoration.folder import Progress, restore_all
    from artifix.restoration.pairing import Pair, Pairing, pair_up, target_name
    from artifix.terminal import RecordDisplay
    from artifix.video.formats import OUTPUT_SUFFIXES, is_video

    if "" in inputs:  # a shell's variable that was never set; Path would make the working folder of it
        raise typer.BadParameter("an input has no name", param_hint="INPUT...")
    chosen: dict[str, Any] = {
        "model": model,
        "strength": strength,
        "detail": detail,
        "vivid": vivid,
        "engine": engine.value,
        "precision": precision.value,
        "max_memory": max_memory,
        "bound": bound.value,
        "force": force,
    }
    if format:
        suffix = with_format(suffix, format, output)
    if engine_pool and (codec or crf is not None):
        raise typer.BadParameter("a pool restores pictures; --codec and --crf are for videos")
    if engine_pool and salvage:
        raise typer.BadParameter("a pool restores whole pictures; --salvage is for this machine")
    if address == "":
        raise typer.BadParameter("an address is host:port or auto", param_hint="--address")
    if not engine_pool and (address or workers or worker_cpus > 1):
        raise typer.BadParameter("--address, --workers and --worker-cpus need --engine-pool")
    if engine_pool:
        from artifix.cli.cluster import restore_on_cluster

        done = restore_on_cluster(
            inputs,
            output,
            as_json,
            address=address,
            workers=workers,
            worker_cpus=worker_cpus,
            strict=strict,
            restorer=chosen,
            recursive=recursive,
            suffix=suffix,
            overwrite=overwrite,
            quality=quality,
            max_pixels=max_pixels,
        )
        raise typer.Exit(0 if done else 1)
    output = check_pipes(inputs, output)
    with Pipes() as pipes:
        paths = [pipes.receive(name) for name in inputs]
        streams = output is not None and is_pipe(output)
        if output is not None and streams:
            name = target_name(paths[0], suffix)
            pairing = Pairing([Pair(paths[0], pipes.stand_in(output, Path(name).suffix))])
        else:
            target = Path(output) if output is not None else None
            pairing = pair_up(paths, target, recursive=recursive, suffix=suffix, others=OUTPUT_SUFFIXES)
        pairs = pairing.pairs
        kinds = {is_video(pair.source) for pair in pairs}
        if True not in kinds and (codec or crf is not None):
            raise typer.BadParameter("--codec and --crf are for videos, of which none is named")
        if True in kinds and format:
            raise typer.BadParameter("--format is for pictures; a video's is the end of its output's name")
        if False not in kinds and quality is not None:
            raise typer.BadParameter("--quality is for pictures; videos have --crf")
        restorer = load_restorer(**chosen)

        def restore(source: Path, target: Path, *, progress: Progress) -> Record:
            options: dict[str, Any] = {
                "overwrite": overwrite,
                "max_pixels": max_pixels,
                "keep_dates": keep_dates,
                "progress": progress,
            }
            if is_video(source):
                from artifix.video.restore import restore_video

                name = codec.value if codec else None
                record = restore_video(source, target, restorer, codec=name, crf=crf, **options)
            else:
                record = restorer.restore_file(source, target, quality=quality, salvage=salvage, **options)
            if output is not None and streams:
                pipes.send(target, output)
            return record

        count = len(pairs) + len(pairing.refused)
        stream = sys.stderr if output == STANDARD else sys.stdout
        with leaving_in_time(), RecordDisplay(count, as_json, stream) as display:
            with closing(restore_all(pairs, restore, jobs, display.hear)) as records:
                for record in itertools.chain(pairing.refused, records):
                    display.show(pipes.named(record))
            display.leave_alone(pairing.left_alone, strict=strict)
    if display.statuses["failed"] or (strict and pairing.left_alone):
        raise typer.Exit(1)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    max_pixels: MaxPixels = 500_000_000,
    as_json: Json = False,
) -> None:
    """Say what pictures tell of their compression."""
    from artifix.inspection import inspect as inspect_file

    failed = False
    for file in files:
        try:
            found = inspect_file(file, max_pixels=max_pixels)
        except ArtifixError as error:
            failed = True
            _complain(error)
        except MemoryError:
            failed = True
            _complain(f"{file}: out of memory")
        else:
            fields = {"file": str(file)} | dataclasses.asdict(found)
            typer.echo(json.dumps(fields) if as_json else printable(f"{file}: {found.summary}"))
    if failed:
        raise typer.Exit(1)


@app.command()
def models(as_json: Json = False) -> None:
    """List the models that ship with artifix, with their cards."""
    from artifix.models.catalog import MODELS, read_card

    cards = [read_card(name) for name in MODELS]
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(card) for card in cards], indent=1))
        return
    for card in cards:
        typer.echo(f"{card.name}: {card.summary}")
        typer.echo(f"  {card.parameters:,} parameters, {card.macs_per_pixel:,} multiply-accumulates a pixel")
        typer.echo(f"  trained {card.steps:,} steps on {card.data}")
        typer.echo(f"  gain on held-out pictures: {in_words(card.figures)}")
        typer.echo(f"  known failures: {card.failures}")


@app.command()
def degrade(
    input: Annotated[Path, typer.Argument(metavar="IN")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The degraded picture; .jpg keeps the coded file.")],
    quality: Annotated[
        int, typer.Option(min=1, help="The codec's own factor: bpg's and h264's a QP, jpeg2000's bits per 100 pixels.")
    ],
    codec: Annotated[Codec, typer.Option(help=r"hevc and h264 need artifix\[codecs], bpg its programs.")] = Codec.jpeg,
    subsampling: Annotated[Subsampling | None, typer.Option(help="Of the chroma; else the codec's usual.")] = None,
    max_pixels: MaxPixels = 500_000_000,
    overwrite: Overwrite = False,
) -> None:
    """Compress a picture on purpose, to see or to measure what comes back."""
    from artifix.codecs import degrade_file

    chroma = subsampling.value if subsampling else None
    options: dict[str, Any] = {"subsampling": chroma, "overwrite": overwrite, "max_pixels": max_pixels}
    try:
        lost = degrade_file(input, output, codec.value, quality=quality, **options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if lost:
        _complain(f"{output}: {'; '.join(lost)}")


for command in (verify, serve, bench, train, export, quantise):
    app.command()(command)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(study_app, name="study")


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on standard error and exit status 1."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # leave as Ctrl-C does: tidily
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    try:
        app()
    except ArtifixError as error:
        _complain(error)
    except ModuleNotFoundError as error:
        _complain(f"{error.name} is not installed; this command needs an extra: see the README")
    except MemoryError:
        _complain("out of memory")
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}" if error.filename else error)
    else:
        return
    sys.exit(1)


def _complain(error: Any) -> None:
    typer.echo(f"artifix: {printable(str(error))}", err=True)
