"""The command line: one command for each thing a user does; parse, call one function with the same names, print."""

import io
import itertools
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.average import average
from artifix.cli.bench import bench
from artifix.cli.degrade import degrade
from artifix.cli.errors import complain, missing
from artifix.cli.evaluate import evaluate_app
from artifix.cli.export import export
from artifix.cli.inspect import inspect
from artifix.cli.models import models
from artifix.cli.options import (
    Engine,
    EnginePool,
    Json,
    MaxPixels,
    Overwrite,
    Precision,
    Quality,
    VideoCodec,
    complete_model,
    number,
)
from artifix.cli.output_format import Bound, BoundOption, FormatOption, with_format
from artifix.cli.quantise import quantise
from artifix.cli.serve import serve
from artifix.cli.sizes import parse_size
from artifix.cli.stopping import stop_as_after_ctrl_c
from artifix.cli.study import study_app
from artifix.cli.train import train
from artifix.cli.verify import verify
from artifix.cli.web_build import web_build
from artifix.errors import ArtifixError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Environment: ARTIFIX_CACHE is the folder of compiled networks, and ARTIFIX_TOKEN the token of `serve`.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as version_of

        typer.echo(f"artifix {version_of('artifix')}")
        raise typer.Exit


@app.callback()
def artifix(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Remove compression artifacts from pictures and videos."""


@app.command()
def restore(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Pictures, videos, comics (.cbz) or folders; - is standard input."),
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="A file, a folder that mirrors the input, or - for standard output."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Name of a shipped model, a .safetensors file, or sa-dct for JPEGs (default: by format).",
            autocompletion=complete_model,
        ),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(min=0, max=1, callback=number, help="Blend with the input; 0: the input, 1: fully restored."),
    ] = 1.0,
    detail: Annotated[
        float,
        typer.Option(min=0, max=1, callback=number, help="0: faithful, as --model; 1: vivid texture, as --vivid."),
    ] = 0.0,
    vivid: Annotated[
        str,
        typer.Option(
            help="The model that --detail blends towards; it was trained on from --model.",
            autocompletion=complete_model,
        ),
    ] = "gan",
    force: Annotated[
        bool, typer.Option("--force", help="Fully restore even pictures that show little or no compression.")
    ] = False,
    engine: Annotated[Engine, typer.Option(help="Runtime of the network.")] = Engine.auto,
    precision: Annotated[
        Precision,
        typer.Option(
            help="Arithmetic of the network; auto: the fastest on this machine, and floating point for flat pictures."
        ),
    ] = Precision.auto,
    bound: BoundOption = Bound.auto,
    max_memory: Annotated[
        int,
        typer.Option(
            parser=parse_size,
            metavar="SIZE",
            help="Memory for the network, such as 500MB (default: 1GiB).",
            show_default=False,
        ),
    ] = 1 << 30,
    max_pixels: MaxPixels = 500_000_000,
    quality: Quality = None,
    format: FormatOption = None,
    codec: Annotated[
        VideoCodec | None,
        typer.Option(help="Codec of videos; ffv1 is lossless (default: h264, or hevc for more than 8 bits)."),
    ] = None,
    crf: Annotated[
        int | None, typer.Option(min=0, max=51, help="Constant rate factor of videos; lower is better.")
    ] = None,
    suffix: Annotated[
        str, typer.Option(help="End of the output names: '-clean', '.png', or both as in '-clean.png'.")
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Include subfolders.")] = False,
    overwrite: Overwrite = False,
    salvage: Annotated[bool, typer.Option("--salvage", help="Restore what can be decoded of truncated JPEGs.")] = False,
    keep_dates: Annotated[bool, typer.Option("--keep-dates", help="Give outputs the dates of their inputs.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if any file of a folder was left alone.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Pictures that are read and written in parallel.")] = 2,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the network (default: all cores).")] = None,
    engine_pool: Annotated[
        EnginePool | None,
        typer.Option(
            help="Restore one folder with many workers: processes of this machine, or a Ray cluster. Folders may be "
            "addresses such as s3://BUCKET/FOLDER."
        ),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Address of the Ray cluster, HOST:PORT or auto (default: this machine).")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Workers of the pool (default: all processors).")] = None,
    worker_cpus: Annotated[int, typer.Option(min=1, help="Processors of each worker of the pool.")] = 1,
    as_json: Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print failures only, and the records of --json.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log the models and the decisions to standard error.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written, and write nothing.")] = False,
) -> None:
    """Restore pictures and videos.

    Inputs are never changed. Without -o, each output is written beside its input, as NAME-restored.

    An existing output is kept if it was made from the same input with the same settings; any other is an error. An
    input from a pipe is written to standard output unless -o is given, in its own format or that of --suffix.

    Folders are searched for pictures only; a line lists the files that were left alone. Videos and comics are restored
    if they are named. An interrupted video continues from NAME.segments, beside its output, when the same command runs
    again.

    Examples: artifix restore photo.jpg; artifix restore photos/ -r -o restored/; cat a.jpg | artifix restore - > b.jpg
    """
    from artifix.cli.display import RecordDisplay
    from artifix.cli.dry_run import show_plan
    from artifix.cli.leaving import leaving_in_time
    from artifix.cli.pipes import STANDARD, Pipes, check_pipes, is_pipe
    from artifix.cli.pool import restore_in_pool
    from artifix.image import decoding_in_children
    from artifix.paths import OTHER_SUFFIXES, restore_file
    from artifix.pool.machines import Pool
    from artifix.restoration import Record, load_restorer
    from artifix.restoration.archive import is_archive
    from artifix.restoration.files import FileRestorer
    from artifix.restoration.folder import Progress, restore_all
    from artifix.restoration.options import FileOptions
    from artifix.restoration.pairing import Pair, Pairing, pair_up, target_name
    from artifix.video.formats import is_video

    if verbose:
        import logging

        logging.basicConfig(format="artifix: %(message)s")
        logging.getLogger("artifix").setLevel(logging.DEBUG)
    if "" in inputs:  # an unset variable of the shell; Path("") would be the working folder
        raise typer.BadParameter("an input has an empty name", param_hint="INPUT...")
    if format:
        suffix = with_format(suffix, format, output)
    if engine_pool and (codec or crf is not None):
        raise typer.BadParameter("--codec and --crf are for videos, and a pool restores pictures only")
    if engine_pool and (threads or dry_run):
        raise typer.BadParameter("--threads and --dry-run do not work with --engine-pool; --worker-cpus sets threads")
    if engine_pool and (salvage or keep_dates):
        raise typer.BadParameter("--salvage and --keep-dates do not work with --engine-pool")
    if address == "":
        raise typer.BadParameter("expected HOST:PORT or auto", param_hint="--address")
    if not engine_pool and (address or workers or worker_cpus > 1):
        raise typer.BadParameter("--address, --workers and --worker-cpus need --engine-pool")
    if address and engine_pool != EnginePool.ray:
        raise typer.BadParameter("--address needs --engine-pool ray")

    def load() -> FileRestorer:
        return load_restorer(
            model,
            strength=strength,
            detail=detail,
            vivid=vivid,
            engine=engine.value,
            precision=precision.value,
            threads=threads,
            max_memory=max_memory,
            bound=bound.value,
            force=force,
        )

    options = FileOptions(overwrite, max_pixels, keep_dates, quality, salvage, codec.value if codec else None, crf)
    if engine_pool:
        pool = Pool(engine_pool.value, address, workers, worker_cpus)
        shown: dict[str, bool] = {"as_json": as_json, "quiet": quiet, "strict": strict}
        done = restore_in_pool(inputs, output, load(), options, pool, recursive=recursive, suffix=suffix, **shown)
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
            pairing = pair_up(paths, target, recursive=recursive, suffix=suffix, others=OTHER_SUFFIXES)
        pairs = pairing.pairs
        kinds = {is_video(pair.source) for pair in pairs}
        if True not in kinds and (codec or crf is not None):
            raise typer.BadParameter("--codec and --crf are for videos, and no video is named")
        if True in kinds and format:
            raise typer.BadParameter("--format is for pictures; the name of an output video gives its format")
        if format and any(is_archive(pair.source) for pair in pairs):
            raise typer.BadParameter("--format is for pictures; the pages of an archive keep their formats")
        if False not in kinds and quality is not None:
            raise typer.BadParameter("--quality is for pictures; use --crf for videos")
        restorer = load()
        if dry_run:
            settings = restorer.settings_at(quality)
            show_plan(pairing, settings, overwrite=overwrite, as_json=as_json, shown=pipes.shown)
            return

        def restore(source: Path, target: Path, *, progress: Progress) -> Record:
            record = restore_file(source, target, restorer=restorer, options=options, progress=progress)
            if output is not None and streams:
                pipes.send(target, output)
            return record

        count = len(pairs) + len(pairing.refused)
        stream = sys.stderr if output == STANDARD else sys.stdout
        with leaving_in_time(), decoding_in_children(), RecordDisplay(count, as_json, stream, quiet=quiet) as display:
            with closing(restore_all(pairs, restore, jobs, display.advance)) as records:
                for record in itertools.chain(pairing.refused, records):
                    display.show(pipes.named(record))
            display.leave_alone(pairing.left_alone, strict=strict)
    if display.statuses["failed"] or (strict and pairing.left_alone):
        raise typer.Exit(1)


for command in (inspect, verify, models, degrade, serve, bench, train, export, average, quantise):
    app.command()(command)
app.command("web-build")(web_build)
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(study_app, name="study")


def main() -> None:
    """Run the command line; an expected error is one line on standard error and exit status 1."""
    stop_as_after_ctrl_c()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    try:
        app()
    except ArtifixError as error:
        complain(error)
    except ModuleNotFoundError as error:
        complain(missing(error))
    except MemoryError:
        complain("out of memory")
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else error)
    else:
        return
    sys.exit(1)
