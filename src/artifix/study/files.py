"""What a study found, as files: a page that needs nothing beside it, and CSV for other programs."""

import csv
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from artifix.evaluate.page import table, write_document
from artifix.evaluate.report import provenance
from artifix.image import atomic_output
from artifix.study.pairs import Preferences
from artifix.study.panel import SIMULATED
from artifix.study.plot import plot_pictures
from artifix.study.report import BANNER, study_sections
from artifix.study.results import Findings


def write_study_page(path: str | Path, study: str | Path, found: Findings | Preferences) -> None:
    """Write tables and plot as one HTML file that needs nothing beside it; of simulated raters, under a loud banner.

    An existing file is replaced. OutputError if it cannot be written, or matplotlib is missing.
    """
    first, *others = map(table, study_sections(found))
    made = provenance([(found.design.commit, found.design.date)]).replace("Measured", "Study made", 1)
    body = [first, *others, "<h2>Every picture</h2>", plot_pictures(path, study, found)]
    body.append(f"<p>{html.escape(made)}</p>")
    title = "What people see"
    if found.panel.group == SIMULATED:
        title = "SIMULATED raters, no people"
        style = "position: sticky; top: 0; padding: 1rem; background: #b3261e; color: #fff; font-weight: bold"
        body.insert(0, f'<p role="alert" style="{style}">{BANNER}</p>')
    write_document(path, title, body)


def write_study_csv(path: str | Path, found: Findings | Preferences) -> None:
    """Write what each picture by each condition was given, a line each; an existing file is replaced.

    On a scale the MOS and its 95 % interval, and the same by P.913's model; of pairs the share that preferred it.
    """
    design, raters = found.design, len(found.kept)
    start = [(image.name, condition) for image in design.images for condition in design.conditions]
    if isinstance(found, Preferences):
        heads = ["preferred"]
        figures: list[list[float]] = [[float(share)] for share in found.per_image.ravel()]
    else:
        heads = ["mos", "low", "high", "modelled", "modelled_low", "modelled_high"]
        lowest, highest = design.procedure.lowest, design.procedure.highest
        mean, half = found.modelled.scores, found.modelled.half
        modelled = np.stack([mean, mean - half, mean + half], axis=1).clip(lowest, highest)
        by_image = [found.per_image[condition][n] for n in range(len(design.images)) for condition in design.conditions]
        figures = [[*interval, *model] for interval, model in zip(by_image, modelled, strict=True)]
    rows = (
        [found.panel.group, image, condition, raters, *(f"{figure:.4f}" for figure in line)]
        for (image, condition), line in zip(start, figures, strict=True)
    )
    _write_csv(path, ["group", "image", "method", "raters", *heads], rows)


def write_ratings_csv(path: str | Path, found: Findings | Preferences) -> None:
    """Write every rating of those who finished, practice left out, a line each; an existing file is replaced."""
    kept, raters = set(found.kept), {rater.number: rater for rater in found.panel.finished}
    noted = ("kind", "image", "method", "other", "score", "seconds", "rated", "ratio", "window")
    said = ("age", "vision", "pixels_per_mm", "screen")
    rows = (
        [
            found.panel.group,
            r.rater,
            int(r.rater in kept),
            r.number,
            *(getattr(r, name) for name in noted),
            *(getattr(raters[r.rater], name) for name in said),
        ]
        for r in found.panel.ratings
    )
    _write_csv(path, ["group", "rater", "kept", "trial", *noted, *said], rows)


def _write_csv(path: str | Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    with atomic_output(path, overwrite=True) as file:
        file.write(text.getvalue().encode())
