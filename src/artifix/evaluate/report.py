"""Results as tables, in the terminal and in Markdown: our figure and the published one in one cell."""

from dataclasses import dataclass
from typing import Final, Literal

from rich import box
from rich.console import Group
from rich.table import Table

from artifix.evaluate.methods import JPEG
from artifix.evaluate.published import SOURCES, Published, counterpart, read_published
from artifix.evaluate.results import METRICS, Mean, Results

TITLES: Final = {"live1": "LIVE1", "bsds500": "BSDS500 val"}

# Metric -> heading and decimals, as papers print them.
HEADINGS: Final = {
    "psnr": ("PSNR, dB", 2),
    "psnr_b": ("PSNR-B, dB", 2),
    "ssim": ("SSIM 8x8", 3),
    "ssim_gaussian": ("SSIM Gaussian", 3),
    "ssimulacra2": ("SSIMULACRA 2", 1),
    "lpips": ("LPIPS", 3),
}


_STYLES: Final = {"published": "[dim]", "reached": "[green]", "below": "[red]", "": ""}


@dataclass(frozen=True)
class Cell:
    """Our figure beside the published one, each None where there is none."""

    ours: float | None
    published: float | None
    decimals: int
    control: bool = False
    """JPEG itself, which checks the bench and is no contest."""

    @property
    def verdict(self) -> Literal["published", "reached", "below", ""]:
        """Published alone; ours, rounded as shown, at or above the published figure or below it; or nothing."""
        if self.ours is None:
            return "published"
        if self.published is None or self.control:
            return ""
        return "reached" if round(self.ours, self.decimals) >= self.published else "below"

    def __str__(self) -> str:
        ours = "–" if self.ours is None else f"{self.ours:.{self.decimals}f}"
        return ours if self.published is None else f"{ours} / {self.published:.{self.decimals}f}"


@dataclass(frozen=True)
class Sheet:
    """One metric on one data set: a row of cells, one for each quality, for each method."""

    heading: str
    rows: dict[str, list[Cell]]


@dataclass(frozen=True)
class Section:
    """One data set: its sheets, and the papers whose figures are in them."""

    title: str
    qualities: list[int]
    sheets: list[Sheet]
    sources: list[str]


def sections(results: Results) -> list[Section]:
    """The tables of a results file, one section for each data set with something complete.

    Published figures stand beside ours on an exact data set alone. A published method that was not measured has rows
    of its own, after ours.
    """
    means = results.means()
    return [_section(results, name, mine) for name in results.datasets if (mine := _of(means, name))]


def _of(means: list[Mean], dataset: str) -> list[Mean]:
    return [mean for mean in means if mean.dataset == dataset]


def _section(results: Results, dataset: str, means: list[Mean]) -> Section:
    measured = results.datasets[dataset]
    known = [row for row in read_published() if (row.protocol, row.dataset) == (results.protocol, dataset)]
    published = known if measured.exact else []
    qualities = sorted({mean.quality for mean in means})
    sheets = []
    for metric in METRICS:
        heading, decimals = HEADINGS[metric]
        rows = _rows(metric, decimals, qualities, means, published)
        if any(cell.ours is not None for cells in rows.values() for cell in cells):
            sheets.append(Sheet(heading, rows))
    exact = "exactly this set" if measured.exact else "not a known set"
    title = f"{TITLES.get(dataset, dataset)}, {results.protocol}: {measured.images} pictures, {exact}"
    return Section(title, qualities, sheets, list(dict.fromkeys(SOURCES[row.source] for row in published)))


def _rows(
    metric: str, decimals: int, qualities: list[int], means: list[Mean], published: list[Published]
) -> dict[str, list[Cell]]:
    ours = {(mean.method, mean.quality): getattr(mean, metric) for mean in means}
    theirs = {(row.method, row.quality): getattr(row, metric, None) for row in published}
    methods = list(dict.fromkeys(mean.method for mean in means))
    matched = {counterpart(method) for method in methods}
    methods += [method for method in dict.fromkeys(row.method for row in published) if method not in matched]
    rows = {}
    for method in methods:
        pairs = [(ours.get((method, quality)), theirs.get((counterpart(method), quality))) for quality in qualities]
        if any(figure is not None for pair in pairs for figure in pair):
            rows[method] = [Cell(*pair, decimals, control=method == JPEG.name) for pair in pairs]
    return rows


def terminal_table(results: Results) -> Group:
    """The tables for a terminal; figures that reach the published ones are green, others red."""
    tables = []
    for section in sections(results):
        table = Table(title=section.title, caption=_caption(results, section), box=box.SIMPLE_HEAD)
        table.add_column("")
        for quality in section.qualities:
            table.add_column(f"quality {quality}", justify="right")
        for sheet in section.sheets:
            table.add_section()
            table.add_row(f"[bold]{sheet.heading}")
            for method, cells in sheet.rows.items():
                table.add_row(method, *(f"{_STYLES[cell.verdict]}{cell}" for cell in cells))
        tables.append(table)
    return Group(*tables)


def _caption(results: Results, section: Section) -> str:
    lines = [f"ours / published by {'; '.join(section.sources)}"] if section.sources else []
    return "\n".join(lines + [f"{metric} left out: {reason}" for metric, reason in results.skipped.items()])


def markdown_table(results: Results) -> str:
    """The tables in Markdown, for the README: figures of ours that reach the published ones are bold."""
    lines = []
    for section in sections(results):
        lines += [f"### {section.title}", ""]
        for sheet in section.sheets:
            lines.append(f"| {sheet.heading} | {' | '.join(map(str, section.qualities))} |")
            lines.append("|---" * (len(section.qualities) + 1) + "|")
            for method, cells in sheet.rows.items():
                lines.append(f"| {method} | {' | '.join(_emphasised(cell) for cell in cells)} |")
            lines.append("")
        if section.sources:
            lines += [f"Ours / published by {'; '.join(section.sources)}.", ""]
    return "\n".join([*lines, f"{provenance(results)}\n"])


def _emphasised(cell: Cell) -> str:
    ours, slash, published = str(cell).partition(" / ")
    return f"**{ours}**{slash}{published}" if cell.verdict == "reached" else str(cell)


def provenance(results: Results) -> str:
    """A sentence that says what measured the results, and when."""
    records = results.records.values()
    commits = sorted({record.commit or "an installed copy" for record in records})
    dates = sorted({record.date for record in records})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"Measured at commit {', '.join(commits)}, {when}."
