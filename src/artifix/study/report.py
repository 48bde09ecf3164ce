"""What a study found, as the paper's Table 3 and Fig. 7: in the terminal, as a page, and as CSV."""

import csv
import html
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.evaluate.page import inline_svg, new_figure, table, write_document
from artifix.evaluate.published import SOURCES, counterpart
from artifix.evaluate.report import TITLES, Cell, Section, Sheet, provenance
from artifix.image import atomic_output
from artifix.printable import counted
from artifix.study.results import PEOPLE, SIMULATED, Findings, raters_in_words
from artifix.study.store import read_ratings

# Quality -> method -> MOS and standard deviation in Galteri et al. 2017, Table 3: ten people, 50 pictures of BSDS500.
PUBLISHED: Final = {20: {"ssim": (49.51, 22.72), "gan": (68.32, 20.75)}}
BANNER: Final = "SIMULATED RATERS: these figures come from a program and say nothing of what people see."
_FEWEST: Final = 6  # raters of whom one can be 2 standard deviations from the mean of all


def study_sections(found: Findings) -> list[Section]:
    """Table 3, the methods against each other, and the screening; each of simulated raters says so."""
    compared = [_comparisons(found)] if found.comparisons else []
    sections = [_opinions(found), *compared, _screening(found), _modelled(found)]
    if found.group != SIMULATED:
        return sections
    return [Section(f"SIMULATED: {s.title}", s.columns, s.sheets, [BANNER, *s.notes], s.unit) for s in sections]


def _opinions(found: Findings) -> Section:
    design = found.design
    published = PUBLISHED.get(design.quality, {})
    rows = {}
    for method, opinion in found.opinions.items():
        mos, deviation = published.get(counterpart(method), (None, None))
        rows[method] = [Cell(opinion.mos, mos, 2, control=True), Cell(opinion.deviation, deviation, 2, control=True)]
    matched = set(map(counterpart, rows))
    for method, figures in published.items():
        if method not in matched:
            rows[method] = [Cell(None, figure, 2) for figure in figures]
    exact = "" if design.exact else " (not a known set)"
    name = TITLES.get(design.dataset, design.dataset)
    pictures = counted(len(design.images), "picture")
    title = f"{pictures} of {name}{exact}, JPEG at {design.quality}, seen by {_raters(found)}"
    notes = [
        "0: impairments very annoying, 100: imperceptible. Mean and standard deviation of all judgements of a method.",
    ]
    if not found.kept:
        notes.append("Screening left nobody, so there are no figures after it.")
    if published:
        source = SOURCES["galteri2017"]
        notes.append(
            f"Ours / published by {source}: ten people, their own weights, and 50 pictures that are not these."
        )
    if found.screening.rejected.any():
        before = ", ".join(f"{method} {o.mos:.2f} ({o.deviation:.2f})" for method, o in found.unscreened.items())
        notes.append(f"Without screening: {before}.")
    if found.unfinished:
        notes.append(f"{found.unfinished} more began and did not finish; their ratings are left out.")
    if found.other_group:
        others = raters_in_words(found.other_group, PEOPLE if found.group == SIMULATED else SIMULATED)
        notes.append(f"Ratings of {others} lie beside these and are no part of them.")
    if found.group != SIMULATED:
        notes.append(f"A trial took {found.seconds:.0f} s (median).")
        if found.reduced:
            notes.append(f"{found.reduced:.0%} of the ratings were given to pictures shown smaller than they are.")
    return Section(title, ["MOS", "standard deviation"], [Sheet("Table 3", rows)], notes, unit="")


def _raters(found: Findings) -> str:
    kept = len(found.kept)
    left_out = len(found.raters) - kept
    return raters_in_words(kept, found.group) + (f", {left_out} left out by screening" if left_out else "")


def _comparisons(found: Findings) -> Section:
    rows = {}
    for one in found.comparisons:
        shares = [Cell(100 * share, None, 1) for share in (one.won, one.tied, one.lost)]
        low, high = one.difference.low, one.difference.high
        interval = None if math.isnan(low) else (low, high)
        difference = Cell(one.difference.mean, None, 2, interval=interval, difference=True)
        rows[f"{one.method} over {one.other}"] = [*shares, difference, _p(one.p_images), _p(one.p_raters)]
    columns = ["won, %", "tied, %", "lost, %", "MOS difference (95 %)", "p over pictures", "p over raters"]
    paper = " (the paper: gan over ssim in 90 %)" if found.design.quality in PUBLISHED else ""
    notes = [
        f"Won: the share of the pictures where the first has the higher MOS{paper}.",
        "p: Wilcoxon's signed-rank test, two-sided; over pictures it speaks for other pictures seen by these raters, "
        "over raters for other raters of these pictures.",
    ]
    return Section("One method against another, picture by picture", columns, [Sheet("by MOS", rows)], notes, unit="")


def _p(value: float) -> Cell:
    """A probability to two digits, however small; it may also be 0, or NaN."""
    return Cell(value, None, max(3, 1 - math.floor(math.log10(value))) if value > 0 else 3)


def _screening(found: Findings) -> Section:
    rows = {
        f"rater {rater}" + (", left out" if out else ""): [Cell(float(count), None, 0) for count in (above, below)]
        for rater, above, below, out in zip(found.raters, *found.screening, strict=True)
    }
    trials = len(found.design.images) * len(found.design.methods)
    notes = [
        f"ITU-R BT.500-13, Annex 2, 2.3.1: how many of {trials} scores are far above or below the others'; left out is "
        "who is far off in more than 5 %, and not mainly to one side.",
    ]
    if len(found.raters) < _FEWEST:
        notes.append(f"Of fewer than {_FEWEST} raters nobody can be far off: this screens nothing.")
    title = f"Screening: {int(found.screening.rejected.sum())} of {len(found.raters)} left out"
    return Section(title, ["far above", "far below"], [Sheet("of all scores", rows)], notes, unit="")


def _modelled(found: Findings) -> Section:
    model = found.modelled
    rows = {
        f"rater {rater}": [Cell(float(bias), None, 1), Cell(float(noise), None, 1)]
        for rater, bias, noise in zip(found.raters, model.bias, model.inconsistency, strict=True)
    }
    means = ", ".join(f"{method} {mean:.2f}" for method, mean in found.modelled_opinions.items())
    notes = [
        "ITU-T P.913, 12.6, in place of screening: a score is the picture's, plus the rater's bias, plus noise of the "
        "rater's own strength, and inconsistent raters count for less.",
        f"MOS by this model, of all who finished: {means}.",
        f"Each picture's 95 % interval is +-{float(model.half[0]):.1f} points.",
    ]
    title = "Raters: bias and inconsistency, in points"
    return Section(title, ["bias", "inconsistency"], [Sheet("of all scores", rows)], notes, unit="")


def write_study_page(path: str | Path, found: Findings) -> None:
    """Write tables and plot as one HTML file that needs nothing beside it; of simulated raters, under a loud banner.

    An existing file is replaced. OutputError if it cannot be written, or matplotlib is missing.
    """
    opinions, *others = map(table, study_sections(found))
    made = provenance([(found.design.commit, found.design.date)]).replace("Measured", "Study made", 1)
    body = [opinions, "<h2>Every picture</h2>", _plot(path, found), *others, f"<p>{html.escape(made)}</p>"]
    title = "What people see"
    if found.group == SIMULATED:
        title = "SIMULATED raters, no people"
        style = "position: sticky; top: 0; padding: 1rem; background: #b3261e; color: #fff; font-weight: bold"
        body.insert(0, f'<p role="alert" style="{style}">{BANNER}</p>')
    write_document(path, title, body)


def _plot(path: str | Path, found: Findings) -> str:
    """Each picture's MOS with its 95 % interval over raters (Fig. 7), in the order of the best method's."""
    figure = new_figure(path)
    axes = figure.subplots()
    best = max(found.opinions, key=lambda method: found.opinions[method].mos)
    order = np.argsort([interval.mean for interval in found.per_image[best]])
    for shift, (method, intervals) in enumerate(found.per_image.items()):
        mean, low, high = np.array([intervals[which] for which in order]).T
        places = np.arange(1, len(mean) + 1) + 0.2 * shift / len(found.per_image)
        bars = None if np.isnan(low).any() else (mean - low, high - mean)
        axes.errorbar(places, mean, bars, fmt="o", markersize=4, capsize=2, linewidth=1, label=method)
    who = SIMULATED.upper() if found.group == SIMULATED else found.group
    axes.set(xlabel="picture", ylabel="MOS, 95 % interval", title=f"{counted(len(found.kept), 'rater')}: {who}")
    axes.set_ylim(0, 100)
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    return inline_svg(figure)


def write_study_csv(path: str | Path, found: Findings) -> None:
    """Write each picture's MOS, and its 95 % interval, by each method, a line each; an existing file is replaced."""
    names = [image.name for image in found.design.images]
    rows = (
        [found.group, image, method, len(found.kept), *(f"{figure:.4f}" for figure in interval)]
        for method, intervals in found.per_image.items()
        for image, interval in zip(names, intervals, strict=True)
    )
    _write_csv(path, ["group", "image", "method", "raters", "mos", "low", "high"], rows)


def write_ratings_csv(path: str | Path, study: str | Path, found: Findings) -> None:
    """Write every rating of those who finished, training left out, a line each; an existing file is replaced."""
    kept = set(found.kept)
    noted = ("image", "method", "score", "seconds", "scale", "rated", "ratio", "window")
    rows = (
        [found.group, r.rater, int(r.rater in kept), r.number, *(getattr(r, name) for name in noted)]
        for r in read_ratings(study)
        if r.rater in found.raters and not r.training
    )
    _write_csv(path, ["group", "rater", "kept", "trial", *noted], rows)


def _write_csv(path: str | Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    with atomic_output(path, overwrite=True) as file:
        file.write(text.getvalue().encode())
