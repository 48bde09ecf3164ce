"""What was measured as tables, for the terminal and in Markdown, and as a plot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table as RichTable

from artifix.engines.limits import PRECISIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NONE: Final = "–"
_STAGES: Final = {
    "decode": "decode",
    "network": "network",
    "around": "colours and tiles, beside which the network stands still",
    "encode": "encode",
}
_COLOURS: Final = {"fp32": "#9a5b00", "bf16": "#2f7d32", "int8": "#1a5fb4"}
_MARKERS: Final = {"openvino": "o", "onnxruntime": "s", "torch": "^"}


@dataclass(frozen=True)
class Table:
    """Rows of text below their headings."""

    columns: list[str]
    rows: list[list[str]]


def limits(results: dict[str, Any]) -> Table:
    """The most that the machine does."""
    columns = ["10^9 operations/s", "product of matrices, 2048x2048", "3x3 convolution, 64 to 64 maps"]
    rows = [
        [precision, *(_number(limit.get(kind, {}).get("gflops")) for kind in ("product", "convolution"))]
        for precision, limit in results["limits"].items()
    ]
    return Table(columns, rows)


def speeds(results: dict[str, Any]) -> Table:
    """Megapixels a second, by engine and size of picture."""
    return _by_size(results, "megapixels/s", lambda figures: _number(figures["megapixels_per_second"]))


def shares(results: dict[str, Any]) -> Table:
    """The network's operations a second, and which share of the limit that is."""
    return _by_size(
        results,
        "10^9 operations/s, of the limit",
        lambda figures: f"{_number(figures['gflops'])}, {_share(figures.get('share_of_limit'))}",
    )


def memory(results: dict[str, Any]) -> Table:
    """The most that the process had resident."""
    return _by_size(results, "peak memory", lambda figures: _size(figures.get("peak_bytes")))


def starts(results: dict[str, Any]) -> Table:
    """Until the model is loaded, without and with a compiled network from before."""
    columns = ["start-up", "process, cold", "process, warm", "of it the model, cold", "of it the model, warm"]
    names = ("cold_seconds", "warm_seconds", "cold_load_seconds", "warm_load_seconds")
    rows = [
        [engine, *(f"{figures['start'][name]:.2f} s" for name in names)]
        for engine, figures in results["engines"].items()
        if "start" in figures
    ]
    return Table(columns, rows)


def stages(results: dict[str, Any]) -> Table:
    """Where the time goes between one JPEG and the next."""
    file = results["file"]
    columns = [f"a JPEG of {results['camera']} megapixels", "seconds", "share"]
    if not file:
        return Table(columns, [])
    total = sum(file[stage] for stage in _STAGES)
    rows = [[name, f"{file[stage]:.2f}", f"{file[stage] / total:.0%}"] for stage, name in _STAGES.items()]
    rows.append([f"file to file, {file['engine']} {file['precision']}", f"{file['seconds']:.2f}", ""])
    return Table(columns, rows)


def peers(results: dict[str, Any]) -> Table:
    """Peers beside our engines, all at the same picture."""
    camera = results["camera"]
    columns = [f"at {camera} megapixels", "megapixels/s", "operations a pixel", "of the limit", "peak memory"]
    ours = {
        f"{results['model']}, {engine}": row["sizes"][camera] | {"macs_per_pixel": results["macs_per_pixel"]}
        for engine, row in results["engines"].items()
        if camera in row.get("sizes", {})
    }
    theirs = {_peer(name, row): row for name, row in results["peers"].items()}
    ranked = sorted((ours | theirs).items(), key=lambda item: -item[1]["megapixels_per_second"])
    rows = []
    for name, row in ranked:
        operations = f"{2 * row['macs_per_pixel']:,}" if "macs_per_pixel" in row else _NONE
        share, peak = _share(row.get("share_of_limit")), _size(row.get("peak_bytes"))
        rows.append([name, _number(row["megapixels_per_second"]), operations, share, peak])
    return Table(columns, rows)


def where(results: dict[str, Any]) -> str:
    """A sentence that says what was measured on what."""
    machine = results["machine"]
    versions = ", ".join(f"{package} {version}" for package, version in results["versions"].items())
    threads = f"{results['threads']} thread{'' if results['threads'] == 1 else 's'}"
    rounds = f"medians of {results['repeats']} rounds" if results["repeats"] > 1 else "one round"
    return f"Model `{results['model']}`; {machine['cpu']}, {threads}; {versions}; {rounds}."


def failures(results: dict[str, Any]) -> list[str]:
    """What failed after a good round, whose figures stand."""
    return [f"{name} failed in a later round: {reason}" for name, reason in results.get("failed", {}).items()]


def markdown(table: Table) -> str:
    """A table in Markdown."""
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def terminal(results: dict[str, Any]) -> Group:
    """All tables for a terminal, with what was left out below them."""
    tables = []
    for make in (limits, speeds, shares, memory, starts, stages, peers):
        table = make(results)
        drawn = RichTable(box=box.SIMPLE_HEAD)
        for number, column in enumerate(table.columns):
            drawn.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            drawn.add_row(*map(escape, row))
        if table.rows:
            tables.append(drawn)
    left_out = [f"{name} left out: {reason}" for name, reason in results["left_out"].items()]
    return Group(*tables, escape(where(results)), *map(escape, left_out + failures(results)))


def draw(results: dict[str, Any]) -> "Figure":
    """Megapixels a second over the size of the picture, below what the machine's limits would allow."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, row in results["engines"].items():
        engine, precision = name.split()
        points = [(float(size), figures["megapixels_per_second"]) for size, figures in row.get("sizes", {}).items()]
        axes.plot(*zip(*points, strict=True), marker=_MARKERS[engine], color=_COLOURS[precision], label=name)
    for precision in PRECISIONS:
        found = [limit["gflops"] for limit in results["limits"].get(precision, {}).values()]
        if found:
            most = max(found) * 1e3 / (2 * results["macs_per_pixel"])
            axes.axhline(most, color=_COLOURS[precision], linestyle="--", linewidth=1)
            axes.annotate(
                f"limit in {precision}",
                (1, most),
                (-3, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                fontsize=8,
            )
    for name, row in results["peers"].items():
        place = (float(results["camera"]), row["megapixels_per_second"])
        axes.plot(*place, marker="x", color="#555", linestyle="none")
        axes.annotate(name, place, (-6, -3), textcoords="offset points", ha="right", fontsize=8)
    sizes = sorted({size for row in results["engines"].values() for size in row.get("sizes", {})}, key=float)
    axes.set_xticks([float(size) for size in sizes], sizes)
    axes.set_xticks([], minor=True)
    for which in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        which(lambda value, _: f"{value:g}")
    axes.tick_params(which="both", labelsize=8)
    axes.set_xlabel("megapixels of the picture")
    axes.set_ylabel("megapixels a second (more is better)")
    axes.grid(alpha=0.3)
    figure.legend(fontsize=8, loc="outside right upper")
    axes.set_title(where(results).replace("`", ""), fontsize=7)
    return figure


def _by_size(results: dict[str, Any], what: str, cell: Callable[[dict[str, Any]], str]) -> Table:
    rows = {engine: row.get("sizes", {}) for engine, row in results["engines"].items()}
    sizes = sorted({size for found in rows.values() for size in found}, key=float)
    cells = [
        [engine, *(cell(found[size]) if size in found else _NONE for size in sizes)] for engine, found in rows.items()
    ]
    return Table([what, *(f"{size} megapixels" for size in sizes)], cells)


def _peer(name: str, row: dict[str, Any]) -> str:
    notes = ["luma alone"] if row.get("channels") == 1 else []
    notes += ["fresh weights"] if row.get("weights") == "fresh" else []
    return ", ".join([name, *notes])


def _number(value: float | None) -> str:
    """Three digits, or all of a large one."""
    return _NONE if value is None else f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.0%}"


def _size(value: float | None) -> str:
    return _NONE if value is None else f"{value / 2**30:.2f} GiB"
