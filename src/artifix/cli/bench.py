"""`artifix bench`: how fast this machine restores."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.cli.options import ShippedModel


class Runtime(StrEnum):
    """The runtime of the network."""

    openvino = "openvino"
    onnxruntime = "onnxruntime"
    torch = "torch"


def _sizes(text: str | list[float]) -> list[float]:
    try:
        sizes = [float(number) for number in str(text).split(",")]
    except ValueError:
        sizes = []
    if not sizes or not all(1e-4 <= size <= 500 for size in sizes):
        raise typer.BadParameter(f"{text!r} is not a list of sizes; write 0.25,1,12 in megapixels, each up to 500")
    return sizes


def _plot(text: str | Path) -> Path:
    path = Path(text)
    if path.suffix not in (".png", ".svg"):
        raise typer.BadParameter(f"{text}: the name of a plot must end in .png or .svg")
    return path


def bench(
    model: ShippedModel = "faithful",
    sizes: Annotated[
        Any, typer.Option(parser=_sizes, help="Picture sizes in megapixels, separated by commas.")
    ] = "0.25,1,12,24",
    engines: Annotated[
        list[Runtime] | None,
        typer.Option("--engine", help="Runtime to measure; may be repeated (default: all that are installed)."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Number of rounds; medians are reported.")] = 3,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads per engine (default: all cores).")] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the results as JSON to this file.")] = None,
    plot: Annotated[
        Path | None, typer.Option(parser=_plot, help="Write a plot (.png, .svg); needs matplotlib.")
    ] = None,
) -> None:
    """Measure the limits of this machine, then the speed of each engine and peer, each in its own process.

    Run it on an idle machine. With the default sizes it takes many minutes; slow cases run in one round only.
    """
    from rich.console import Console

    from artifix.bench import report
    from artifix.bench.measure import ENGINES, measure
    from artifix.cli.progress import show_progress
    from artifix.image import atomic_output, ensure_writable

    for path in (json_path, plot):
        if path:
            ensure_writable(path)
    if plot:
        import matplotlib  # noqa: F401
    with show_progress("measuring") as progress:
        chosen = [engine.value for engine in engines] if engines else list(ENGINES)
        results = measure(model, sizes, engines=chosen, repeats=repeats, threads=threads, progress=progress)
    Console().print(report.terminal(results))
    if json_path:
        with atomic_output(json_path, overwrite=True) as file:
            file.write((json.dumps(results, indent=1) + "\n").encode())
    if plot:
        with atomic_output(plot, overwrite=True) as file:
            report.draw(results).savefig(file, format=plot.suffix[1:], dpi=150)
