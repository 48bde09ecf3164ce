"""What a study found, as tables: the paper's Table 3, the methods against each other, and how far raters agree."""

import math
from typing import Final

import numpy as np

from artifix.evaluate.published import SOURCES, counterpart
from artifix.evaluate.report import TITLES, Cell, Section, Sheet
from artifix.printable import counted
from artifix.study.order import REFERENCE
from artifix.study.pairs import Preferences
from artifix.study.panel import PEOPLE, SIMULATED, raters_in_words
from artifix.study.results import Findings, Opinion
from artifix.study.statistics import Interval

# Quality -> method -> MOS and standard deviation in Galteri et al. 2017, Table 3: ten people, 50 pictures of BSDS500.
PUBLISHED: Final = {20: {"ssim": (49.51, 22.72), "gan": (68.32, 20.75)}}
BANNER: Final = "SIMULATED RATERS: these figures come from a program and say nothing of what people see."
_FEWEST: Final = 6  # raters of whom one can be 2 standard deviations from the mean of all
_ENDS: Final = {
    "continuous": "0: impairments very annoying, 100: imperceptible.",
    "dsis": "1: very annoying, 2: annoying, 3: slightly annoying, 4: perceptible but not annoying, 5: imperceptible.",
    "acr": "1: bad, 2: poor, 3: fair, 4: good, 5: excellent.",
}


def study_sections(found: Findings | Preferences) -> list[Section]:
    """All that was found; each section of simulated raters says so."""
    if isinstance(found, Preferences):
        sections = [_worths(found), _pairs(found), _panel(found)]
    else:
        compared = [_comparisons(found)] if found.comparisons else []
        correlated = [_correlations(found)] if found.correlations else []
        sections = [_opinions(found), *compared, *correlated, _screening(found), _modelled(found), _panel(found)]
    if found.panel.group != SIMULATED:
        return sections
    return [Section(f"SIMULATED: {s.title}", s.columns, s.sheets, [BANNER, *s.notes], s.unit) for s in sections]


def published_beside(found: Findings) -> dict[str, tuple[float, float]]:
    """The paper's figures where the study asks as the paper did, at its quality; else none."""
    return PUBLISHED.get(found.design.quality, {}) if found.design.asked == "continuous" else {}


def _opinions(found: Findings) -> Section:
    published = published_beside(found)
    with_reference = REFERENCE in found.opinions
    rows = {}
    for condition, opinion in found.opinions.items():
        figures = published.get(counterpart(condition), (None, None))
        cells = [
            Cell(ours, theirs, 2, control=True)
            for ours, theirs in zip((opinion.mos, opinion.deviation), figures, strict=True)
        ]
        rows[_name(condition)] = [*cells, *([_dmos(opinion)] if with_reference else [])]
    matched = set(map(counterpart, rows))
    for method, figures in published.items():
        if method not in matched:
            rows[method] = [Cell(None, figure, 2) for figure in figures]
            rows[method] += [Cell(None, None, 2)] if with_reference else []
    notes = [
        f"{_ENDS[found.design.asked]} Mean and standard deviation of all judgements of a method.",
        f"Asked by: {found.design.procedure.standard}.",
    ]
    if with_reference:
        notes.append(
            "DMOS: each score less the same rater's of the hidden reference of that picture, plus the top of the scale "
            "(ITU-T P.913, 7.2.2), with its 95 % interval over pictures."
        )
    if not found.kept:
        notes.append("Screening left nobody, so there are no figures after it.")
    if published:
        source = SOURCES["galteri2017"]
        notes.append(
            f"Ours / published by {source}: ten people, their own weights, and 50 pictures that are not these."
        )
    if found.screening.rejected.any():
        before = ", ".join(f"{_name(name)} {o.mos:.2f} ({o.deviation:.2f})" for name, o in found.unscreened.items())
        notes.append(f"Without screening: {before}.")
    columns = ["MOS", "standard deviation", *(["DMOS (95 %)"] if with_reference else [])]
    return Section(_title(found), columns, [Sheet("Table 3", rows)], [*notes, *_others(found)], unit="")


def _name(condition: str) -> str:
    return "hidden reference" if condition == REFERENCE else condition


def _dmos(opinion: Opinion) -> Cell:
    if opinion.dmos is None:
        return Cell(None, None, 2)
    return Cell(opinion.dmos.mean, None, 2, interval=_ends(opinion.dmos))


def _ends(interval: Interval) -> tuple[float, ...]:
    return () if math.isnan(interval.low) else (interval.low, interval.high)


def _title(found: Findings | Preferences) -> str:
    design = found.design
    exact = "" if design.exact else " (not a known set)"
    name = TITLES.get(design.dataset, design.dataset)
    left_out = len(found.panel.finished) - len(found.kept)
    raters = raters_in_words(len(found.kept), found.panel.group) + (f", {left_out} left out" if left_out else "")
    return f"{counted(len(design.images), 'picture')} of {name}{exact}, JPEG at {design.quality}, seen by {raters}"


def _others(found: Findings | Preferences) -> list[str]:
    """What is to be said of those who are no part of the figures, and of the time that the others took."""
    panel, notes = found.panel, []
    if panel.unfinished:
        notes.append(f"{panel.unfinished} more began and did not finish; their ratings are left out.")
    if panel.other_group:
        others = raters_in_words(panel.other_group, PEOPLE if panel.group == SIMULATED else SIMULATED)
        notes.append(f"Ratings of {others} lie beside these and are no part of them.")
    if panel.group != SIMULATED:
        notes.append(f"A trial took {panel.seconds:.0f} s (median).")
    return notes


def _comparisons(found: Findings) -> Section:
    rows = {}
    for one in found.comparisons:
        shares = [Cell(100 * share, None, 1) for share in (one.won, one.tied, one.lost)]
        low, high = one.difference.low, one.difference.high
        interval = None if math.isnan(low) else (low, high)
        difference = Cell(one.difference.mean, None, 2, interval=interval, difference=True)
        tests = (one.p_images, one.holm_images, one.p_raters, one.holm_raters)
        rows[f"{one.method} over {one.other}"] = [*shares, difference, *map(_p, tests)]
    columns = ["won, %", "tied, %", "lost, %", "MOS difference (95 %)"]
    columns += ["p over pictures", "Holm", "p over raters", "Holm"]
    paper = " (the paper: gan over ssim in 90 %)" if published_beside(found) else ""
    notes = [
        f"Won: the share of the pictures where the first has the higher MOS{paper}.",
        "p: Wilcoxon's signed-rank test, two-sided; over pictures it speaks for other pictures seen by these raters, "
        "over raters for other raters of these pictures. Holm: the same, adjusted for all comparisons of this table.",
    ]
    return Section("One method against another, picture by picture", columns, [Sheet("by MOS", rows)], notes, unit="")


def _p(value: float) -> Cell:
    """A probability to two digits, however small; it may also be 0, or NaN."""
    return Cell(value, None, max(3, 1 - math.floor(math.log10(value))) if value > 0 else 3)


def _correlations(found: Findings) -> Section:
    rows = {
        one.metric: [
            Cell(one.pearson.mean, None, 3, interval=_ends(one.pearson)),
            Cell(one.spearman, None, 3),
        ]
        for one in found.correlations
    }
    count = len(found.design.images) * len(found.design.methods)
    notes = [
        f"Each figure against the MOS of {counted(count, 'test picture')}; the hidden reference is not among them.",
        "Pearson's correlation, with its 95 % interval by Fisher's transform, and Spearman's of the ranks.",
    ]
    return Section("Metrics and opinions", ["Pearson (95 %)", "Spearman"], [Sheet("with MOS", rows)], notes, unit="")


def _screening(found: Findings) -> Section:
    rows = {
        f"rater {rater}" + (", left out" if out else ""): [Cell(float(count), None, 0) for count in (above, below)]
        for rater, above, below, out in zip(found.rated, *found.screening, strict=True)
    }
    trials = len(found.design.images) * len(found.design.conditions)
    notes = [
        f"ITU-R BT.500-13, Annex 2, 2.3.1: how many of {trials} scores are far above or below the others'. Raters who "
        "are far off in more than 5 %, and not mainly to one side, are left out.",
    ]
    if len(found.rated) < _FEWEST:
        notes.append(f"With fewer than {_FEWEST} raters nobody can be far off, so this leaves nobody out.")
    title = f"Screening: {int(found.screening.rejected.sum())} of {len(found.rated)} left out"
    return Section(title, ["far above", "far below"], [Sheet("of all scores", rows)], notes, unit="")


def _modelled(found: Findings) -> Section:
    model, decimals = found.modelled, 2 if found.design.procedure.graded else 1
    rows = {
        f"rater {rater}": [Cell(float(bias), None, decimals), Cell(float(noise), None, decimals)]
        for rater, bias, noise in zip(found.rated, model.bias, model.inconsistency, strict=True)
    }
    means = ", ".join(f"{_name(name)} {mean:.2f}" for name, mean in found.modelled_opinions.items())
    single, average = found.agreement
    notes = [
        "ITU-T P.913, 12.6, in place of screening: a score is the picture's, plus the rater's bias, plus noise of the "
        "rater's own strength, and inconsistent raters count for less.",
        f"MOS by this model, of all attentive raters who finished: {means}.",
        f"Each picture's 95 % interval is +-{float(model.half[0]):.{decimals}f} points.",
        f"Intraclass correlation (Shrout and Fleiss): of one rater, ICC(2,1), {single.mean:.2f} "
        f"({single.low:.2f}..{single.high:.2f}); of the mean of all {len(found.rated)}, ICC(2,k), {average:.2f}.",
    ]
    title = "Raters: bias and inconsistency, in points"
    return Section(title, ["bias", "inconsistency"], [Sheet("of all scores", rows)], notes, unit="")


def _worths(found: Preferences) -> Section:
    rows = {}
    for place in np.argsort(-found.worths.worth):
        worth, error = float(found.worths.worth[place]), float(found.worths.error[place])
        interval = (worth - 1.96 * error, worth + 1.96 * error)
        share = float(found.per_image[:, place].mean())
        rows[_name(found.design.conditions[place])] = [
            Cell(100 * share, None, 1),
            Cell(worth, None, 2, interval=interval),
        ]
    notes = [
        f"Asked by: {found.design.procedure.standard}.",
        "Worth: the model of Bradley and Terry (1952), mean 0; one more is preferred in 73 % of trials. Its 95 % "
        "interval is the likelihood's, which takes all trials as independent. Those of one rater or picture are not: "
        "see the next table.",
    ]
    if found.worths.smoothed:
        notes.append(
            "Some methods won or lost all trials, so there is no likeliest worth: half a win was added to each side of "
            "every pair."
        )
    columns = ["preferred, %", "worth (95 %)"]
    return Section(_title(found), columns, [Sheet("Preference", rows)], [*notes, *_others(found)], unit="")


def _pairs(found: Preferences) -> Section:
    rows = {}
    for one in found.pairs:
        low, high = 100 * one.share.low, 100 * one.share.high
        share = Cell(100 * one.share.mean, None, 1, interval=() if math.isnan(low) else (low, high))
        rows[f"{_name(one.method)} over {_name(one.other)}"] = [share, _p(one.holm_images), _p(one.holm_raters)]
    notes = [
        "The share of trials in which the first was preferred, with its 95 % interval over raters. p: Wilcoxon's "
        "signed-rank test of that share against one half, two-sided, adjusted by Holm for all pairs.",
    ]
    columns = ["preferred, % (95 %)", "p over pictures, Holm", "p over raters, Holm"]
    return Section("One method against another", columns, [Sheet("by trials", rows)], notes, unit="")


def _panel(found: Findings | Preferences) -> Section:
    panel = found.panel
    rows = {}
    for rater in panel.finished:
        failed, of = panel.checks[rater.number]
        out = "" if rater.number in panel.attentive else ", left out"
        again = np.abs(panel.again[rater.number])
        rows[f"rater {rater.number}{out}"] = [
            Cell(float(failed), None, 0) if of else Cell(None, None, 0),
            Cell(float(again.mean()), None, 2) if len(again) else Cell(None, None, 2),
        ]
    pairs = found.design.procedure.compares
    controls = found.design.controls
    notes = [
        f"Attention checks, {controls.checks} a rater. Raters who fail more than a quarter are left out.",
        f"Repeated trials, {max(map(len, panel.again.values()))} a rater: "
        + ("the share that was answered the other way." if pairs else "the mean distance from the first score."),
    ]
    if panel.group != SIMULATED:
        for question in ("age", "vision"):
            said = ", ".join(f"{answer} {count}" for answer, count in sorted(panel.said(question).items()))
            notes.append(f"{question.capitalize()}: {said}.")
        measured = [rater.pixels_per_mm for rater in panel.finished if rater.pixels_per_mm]
        notes.append(
            f"{len(measured)} of {len(panel.finished)} measured their screens by a card"
            + (f": {min(measured):.1f} to {max(measured):.1f} pixels a millimetre." if measured else ".")
        )
    columns = ["checks failed", "repeats, share changed" if pairs else "repeats, points off"]
    return Section("Raters: attention and repetition", columns, [Sheet("who finished", rows)], notes, unit="")
