"""What a detector found as tables, Table 2 and the numbers behind Fig. 6, in the terminal, Markdown and a page."""

import html
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from artifix.evaluate.detection.results import ORIGINAL, DetectionResults, Mean, Summary
from artifix.evaluate.detection.summary import MIN_PICTURES
from artifix.evaluate.methods import JPEG
from artifix.evaluate.page import inline_svg, new_figure, table, write_document
from artifix.evaluate.report import Cell, Section, Sheet, earlier, provenance
from artifix.evaluate.results import row_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN: Final = 5  # of what was left out; the rest is in the JSON
_EMPTY: Final = Cell(None, None, 3)


def detection_sections(results: DetectionResults, summary: Summary) -> list[Section]:
    """First the set as a whole, a column for each quality; then for each quality the classes, as in Table 2."""
    means = [mean for mean in summary.means if mean.quality is not None]
    qualities = sorted({mean.quality for mean in means if mean.quality is not None})
    return [_overall(results, summary, qualities), *(_by_class(summary, quality) for quality in qualities)]


def _overall(results: DetectionResults, summary: Summary, qualities: list[int]) -> Section:
    sheets = [
        Sheet("mAP, area (95 %)", _rows(summary.means, qualities, _map_auc)),
        Sheet("mAP, 11 points", _rows(summary.means, qualities, lambda mean: Cell(mean.map_11pt, None, 3))),
    ]
    if any(mean.recovered is not None for mean in summary.means):
        restored = [mean for mean in summary.means if mean.method not in (ORIGINAL, mean.codec)]
        sheets.append(Sheet("share recovered (95 %)", _rows(restored, qualities, _recovered)))
    differences: dict[str, dict[int, Cell]] = {}
    for one in summary.comparisons:
        cell = Cell(one.difference, None, 3, interval=one.interval or (), difference=True)
        differences.setdefault(one.row, {})[one.quality] = cell
    if differences:
        sheets.append(Sheet("difference (95 %)", _in_order(differences, qualities)))
    objects = sum(sum(counts.values()) for counts in results.positives.values())
    title = f"{results.dataset}: {len(results.positives)} pictures, {objects} objects, seen by {results.detector}"
    return Section(title, list(map(str, qualities)), sheets, _notes(results, summary))


def _notes(results: DetectionResults, summary: Summary) -> list[str]:
    notes = [
        "mAP: the mean over classes of the area under the curve, or at 11 points; recovered: of the mAP lost.",
        "95 %: by a bootstrap over pictures; a difference whose interval holds 0 is not significant.",
    ]
    if any(mean.interval is None for mean in summary.means):
        notes.append(f"No intervals: fewer than {MIN_PICTURES} pictures have something to be found.")
    notes += [f"{coding}." for coding in results.codings]
    for codec, quality, method in results.outdated():
        row = row_name(codec, method)
        notes.append(f"{row} at quality {quality} was measured with an earlier {method}, and is left out.")
    if results.path:
        fresh = {row[1:] for row in results.fresh}
        notes += [f"{line}." for line in earlier(results.path, (m for m in summary.means if m.key not in fresh))]
    if results.left_out:
        notes.append(f"{len(results.left_out)} things could not be used as they are:")
        notes += results.left_out[:_SHOWN]
        if len(results.left_out) > _SHOWN:
            notes.append(f"and {len(results.left_out) - _SHOWN} more, all in the JSON.")
    return notes


def _map_auc(mean: Mean) -> Cell:
    return Cell(mean.map_auc, None, 3, interval=mean.interval or ())


def _recovered(mean: Mean) -> Cell:
    return Cell(mean.recovered, None, 2, interval=mean.recovered_interval)


def _rows(means: list[Mean], qualities: list[int], cell: Callable[[Mean], Cell]) -> dict[str, list[Cell]]:
    cells: dict[str, dict[int, Cell]] = {}
    for mean in means:
        of_mean = cells.setdefault(mean.row, {})
        of_mean |= {quality: cell(mean) for quality in qualities if mean.quality in (quality, None)}
    return _in_order(cells, qualities)


def _in_order(cells: dict[str, dict[int, Cell]], qualities: list[int]) -> dict[str, list[Cell]]:
    return {row: [of_row.get(quality, _EMPTY) for quality in qualities] for row, of_row in cells.items()}


def _by_class(summary: Summary, quality: int) -> Section:
    means = [mean for mean in summary.means if mean.quality in (quality, None)]
    rows = {name: [Cell(mean.ap[name], None, 3) for mean in means] for name in means[0].ap}
    rows["mAP"] = [Cell(mean.map_auc, None, 3) for mean in means]
    sheets = [Sheet("AP, area under the curve", rows)]
    return Section(f"By class, at quality {quality}", [mean.row for mean in means], sheets, [], unit="")


def write_detection_page(path: str | Path, results: DetectionResults, summary: Summary) -> None:
    """Write the tables, and the curve of Fig. 6, as one HTML file that needs nothing beside it.

    An existing file is replaced. OutputError if it cannot be written, or matplotlib is missing.
    """
    overall, *by_class = map(table, detection_sections(results, summary))
    made = provenance((record.commit, record.date) for record in results.records.values())
    body = [overall, _curve(path, summary), *by_class, f"<p>{html.escape(made)}</p>"]
    write_document(path, "What a detector finds", body)


def _curve(path: str | Path, summary: Summary) -> str:
    figure = new_figure(path)
    draw_curve(figure, summary)
    return inline_svg(figure)


def draw_curve(figure: "Figure", summary: Summary) -> None:
    """Draw the mAP over the JPEG quality (Fig. 6) into an empty figure, with the 95 % intervals as bars."""
    axes = figure.subplots()
    rows: dict[str, list[tuple[int, Mean]]] = {}
    for mean in summary.means:
        if mean.quality is None:
            axes.axhline(mean.map_auc, color="black", linestyle="--", label=mean.row)
        else:
            rows.setdefault(mean.row, []).append((mean.quality, mean))
    qualities = sorted({quality for curve in rows.values() for quality, _ in curve})
    apart = min(np.diff(qualities), default=1)
    for place, (row, curve) in enumerate(rows.items()):
        aside = apart * (place - (len(rows) - 1) / 2) / (4 * len(rows))  # so that no interval hides another
        middle = [mean.map_auc for _, mean in curve]
        ends = np.array([mean.interval or (mean.map_auc,) * 2 for _, mean in curve]).T
        bars = ((ends - middle) * [[-1], [1]]).clip(0)
        axes.errorbar([quality + aside for quality, _ in curve], middle, bars, marker="o", capsize=3, label=row)
    others = any(mean.codec not in (None, JPEG.name) for mean in summary.means)
    quality = "quality of the JPEG of as many bits" if others else "JPEG quality"
    axes.set(xlabel=quality, ylabel="mAP, area under the curve")
    axes.grid(alpha=0.3)
    axes.legend()
