"""Results as tables, in the terminal and in Markdown: our figure and the published one in one cell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from artifix.evaluate.methods import JPEG
from artifix.evaluate.metric import Metric
from artifix.evaluate.published import PAPER, SOURCES, Published, counterpart, read_published
from artifix.evaluate.registry import METRICS
from artifix.evaluate.results import Mean, Results

TITLES: Final = {"live1": "LIVE1", "bsds500": "BSDS500 val"}

_STYLES: Final = {"published": "[dim]", "reached": "[green]", "below": "[red]", "": ""}


class _Measured(Protocol):
    """The mean of anything."""

    @property
    def row(self) -> str: ...
    @property
    def quality(self) -> int | None: ...
    @property
    def commit(self) -> str: ...
    @property
    def date(self) -> str: ...


@dataclass(frozen=True)
class Cell:
    """Our figure beside the published one, each None where there is none."""

    ours: float | None
    published: float | None
    decimals: int
    control: bool = False
    """JPEG itself, which checks the bench and is no contest."""
    interval: tuple[float, ...] | None = None
    """Where ours lies with 95 % confidence; empty where that cannot be said, None where it is not asked."""
    apart: bool = False
    """A published figure that nothing of ours stands beside."""
    difference: bool = False
    """Whether ours is a gain or a loss, which counts as one only if its whole interval says so."""

    @property
    def verdict(self) -> Literal["published", "reached", "below", ""]:
        """Published alone; ours, rounded as shown, at or above the published figure or below it; or nothing."""
        if self.difference and self.interval:
            low, high = self.interval
            return "reached" if low > 0 else "below" if high < 0 else ""
        if self.ours is None:
            return "" if self.published is None else "published"
        if self.published is None or self.control:
            return ""
        return "reached" if round(self.ours, self.decimals) >= self.published else "below"

    @property
    def gap(self) -> float:
        """By how much ours, as printed, is below the published figure; 0 where it is not."""
        if self.verdict != "below" or self.ours is None or self.published is None:
            return 0.0
        return self.published - round(self.ours, self.decimals)

    def __str__(self) -> str:
        sign = "+" if self.difference else ""
        ours = "–" if self.ours is None else f"{self.ours:{sign}.{self.decimals}f}"
        if self.interval is not None:
            ours += f" ({'..'.join(f'{end:{sign}.{self.decimals}f}' for end in self.interval) or '–'})"
        if self.published is None:
            return ours
        published = f"{self.published:.{self.decimals}f}"
        return published if self.apart else f"{ours} / {published}"


@dataclass(frozen=True)
class Sheet:
    """One metric on one data set: a row of cells, one for each column, for each method."""

    heading: str
    rows: dict[str, list[Cell]]

    @property
    def shortfall(self) -> str:
        """Which rows stay below the published ones somewhere, and by how much at most, as they are printed."""
        worst = {row: max(cells, key=lambda cell: cell.gap) for row, cells in self.rows.items() if cells}
        return ", ".join(f"{row} by {cell.gap:.{cell.decimals}f}" for row, cell in worst.items() if cell.gap)


@dataclass(frozen=True)
class Section:
    """One data set: its sheets, and what is to be said below them.

    `columns` are qualities, as in the papers' tables, unless `unit` says otherwise.
    """

    title: str
    columns: list[str]
    sheets: list[Sheet]
    notes: list[str]
    unit: str = "quality"


def sections(results: Results, metrics: Sequence[str] = tuple(METRICS), *, others: bool = True) -> list[Section]:
    """The tables of a results file, of these of its metrics, one section for each data set with something complete.

    Published figures stand beside ours on an exact data set alone. The paper's rows come first, in its order, measured
    or not, then those that are ours alone; with `others` rows of other papers that were not measured follow, as sheets
    apart.
    """
    means = results.means()
    return [_section(results, name, mine, metrics, others) for name in results.datasets if (mine := _of(means, name))]


def _of(means: list[Mean], dataset: str) -> list[Mean]:
    return [mean for mean in means if mean.dataset == dataset]


def _section(results: Results, dataset: str, means: list[Mean], metrics: Sequence[str], others: bool) -> Section:
    measured = results.datasets[dataset]
    known = [row for row in read_published() if (row.protocol, row.dataset) == (results.protocol, dataset)]
    published = known if measured.exact else []
    qualities = sorted({mean.quality for mean in means})
    standing, away = _methods(means, published)
    if not others:
        published = [row for row in published if row.method not in away]
        away = []
    sheets = []
    for metric in map(METRICS.__getitem__, metrics):
        rows = _rows(metric, qualities, means, published, standing)
        if any(cell.ours is not None for cells in rows.values() for cell in cells):
            sheets.append(Sheet(metric.heading, rows))
            if apart := _rows(metric, qualities, [], published, away):
                sheets.append(Sheet(f"{metric.heading}, other papers", apart))
    exact = "exactly this set" if measured.exact else "not a known set"
    title = f"{TITLES.get(dataset, dataset)}, {results.protocol}: {measured.images} pictures, {exact}"
    sources = "; ".join(dict.fromkeys(SOURCES[row.source] for row in published))
    notes = [f"Ours / published by {sources}."] if sources else []
    theirs = {row.method for row in published}
    alone = [name for name in standing if counterpart(name) not in theirs]
    if alone and results.protocol == "luma" and measured.exact:
        notes.append(f"Ours alone: {', '.join(alone)}.")
    if any(name.endswith("+") for name in standing):
        notes.append("+: the mean over the picture's eight flips and turns, at eight times the cost.")
    notes += [f"{coding}." for coding in results.codings.get(dataset, [])]
    unit = "crf" if results.protocol == "video" else "quality"
    return Section(title, list(map(str, qualities)), sheets, notes, unit)


def _methods(means: list[Mean], published: list[Published]) -> tuple[list[str], list[str]]:
    """The rows of the table itself, the paper's first and in its order, and those of other papers alone."""
    measured = list(dict.fromkeys(mean.row for mean in means))
    matched = {counterpart(method) for method in measured}
    by_quality: dict[int, list[str]] = {}
    for row in published:
        if row.source == PAPER:
            by_quality.setdefault(row.quality, []).append(row.method)
    papers = max(by_quality.values(), key=len, default=[])  # not every quality has every row
    standing = measured + [method for method in papers if method not in matched]
    standing.sort(key=lambda name: papers.index(counterpart(name)) if counterpart(name) in papers else len(papers))
    known = {*papers, *matched}
    return standing, [name for name in dict.fromkeys(row.method for row in published) if name not in known]


def _rows(
    metric: Metric, qualities: list[int], means: list[Mean], published: list[Published], methods: list[str]
) -> dict[str, list[Cell]]:
    ours = {(mean.row, mean.quality): mean.figures.get(metric.name) for mean in means}
    theirs = {(row.method, row.quality): getattr(row, metric.name, None) for row in published}
    rows = {}
    for method in methods:
        pairs = [(ours.get((method, quality)), theirs.get((counterpart(method), quality))) for quality in qualities]
        if any(figure is not None for pair in pairs for figure in pair):
            rows[method] = [
                Cell(*pair, metric.decimals, control=method == JPEG.name, apart=not means) for pair in pairs
            ]
    return rows


def terminal_table(results: Results) -> Group:
    """The tables for a terminal; figures that reach the published ones are green, others red."""
    return terminal(sections(results), notes(results))


def notes(results: Results) -> list[str]:
    """What was left out and why, and what comes from an earlier measurement."""
    left_out = [f"{name} left out: {reason}" for name, reason in results.skipped.items()]
    return left_out + earlier(results.path, [mean for mean in results.means() if mean.key not in results.fresh])


def earlier(path: Path | None, means: Iterable[_Measured]) -> list[str]:
    """A line for each commit and date that measured some of these means, which a file held already."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for mean in means:
        rows = groups.setdefault((mean.date, mean.commit), {})
        rows.setdefault(mean.row, []).append("" if mean.quality is None else str(mean.quality))
    return [
        f"From {path}, measured {date} at {_commits([commit])}: "
        + "; ".join(f"{row} at {', '.join(at)}" if any(at) else row for row, at in rows.items())
        for (date, commit), rows in sorted(groups.items())
    ]


def terminal(sections: list[Section], notes: Sequence[str] = ()) -> Group:
    """Sections for a terminal, with the notes below the last."""
    tables: list[RenderableType] = []
    for section in sections:
        table = Table(title=section.title, caption=escape("\n".join(section.notes)), box=box.SIMPLE_HEAD)
        table.add_column("")
        for column in section.columns:
            table.add_column(f"{section.unit} {column}".strip(), justify="right", overflow="fold")
        for sheet in section.sheets:
            table.add_section()
            table.add_row(f"[bold]{sheet.heading}")
            for row, cells in sheet.rows.items():
                table.add_row(row, *(f"{_STYLES[cell.verdict]}{cell}" for cell in cells))
        tables.append(table)
    return Group(*tables, *map(escape, notes))


def markdown_table(results: Results, metrics: Sequence[str] = tuple(METRICS)) -> str:
    """The tables in Markdown, for the README: figures of ours that reach the published ones are bold."""
    made = provenance((mean.commit, mean.date) for mean in results.means())
    return f"{markdown(sections(results, metrics))}\n{made}\n"


def markdown(sections: list[Section]) -> str:
    """Sections in Markdown."""
    lines = []
    for section in sections:
        lines += [f"### {section.title}", ""]
        for sheet in section.sheets:
            lines.append(f"| {sheet.heading} | {' | '.join(section.columns)} |")
            lines.append("|---" * (len(section.columns) + 1) + "|")
            for row, cells in sheet.rows.items():
                lines.append(f"| {row} | {' | '.join(_emphasised(cell) for cell in cells)} |")
            lines.append("")
            if sheet.shortfall:
                lines += [f"Below the published figure at most: {sheet.shortfall}.", ""]
        for note in section.notes:
            lines += [note, ""]
    return "\n".join(lines)


def _emphasised(cell: Cell) -> str:
    ours, slash, published = str(cell).partition(" / ")
    return f"**{ours}**{slash}{published}" if cell.verdict == "reached" else str(cell)


def _commits(several: Iterable[str]) -> str:
    commits = sorted({commit or "an installed copy" for each in several for commit in each.split(", ")})
    return f"commit {', '.join(commits)}"


def provenance(measured: Iterable[tuple[str, str]]) -> str:
    """A sentence that says which commits measured something, and on which dates."""
    measured = set(measured)
    dates = sorted({date for _, date in measured})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"Measured at {_commits(commit for commit, _ in measured)}, {when}."
