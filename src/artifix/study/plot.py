"""Each picture's scores as a plot (Fig. 7), each point of which leads to a small picture of what was rated."""

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from artifix.evaluate.page import inline_svg, new_figure
from artifix.image import read_image
from artifix.printable import counted
from artifix.study.design import Design
from artifix.study.pairs import Preferences
from artifix.study.panel import SIMULATED
from artifix.study.pictures import picture_path
from artifix.study.results import Findings
from artifix.study.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALL: Final = 160  # pixels, the longer side of a small picture
STYLE: Final = """
<style>
.rated { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: .5rem 0 1.5rem; scroll-margin-top: 5rem; }
.rated h3 { width: 100%; margin: 0; font-size: 1rem; }
.rated img { display: block; }
.rated :target { outline: 3px solid #1a73e8; outline-offset: 3px; }
</style>
"""


def plot_pictures(path: str | Path, study: str | Path, found: Findings | Preferences) -> str:
    """The plot for the page at a path, and below it every picture by every condition, small, with its score."""
    design = found.design
    figure = new_figure(path)
    axes: Axes = figure.subplots()
    scores = _scores(found)
    best = max(scores, key=lambda condition: np.mean([one.mean for one in scores[condition]]))
    order = np.argsort([interval.mean for interval in scores[best]])
    for shift, (condition, intervals) in enumerate(scores.items()):
        mean, low, high = np.array([intervals[which] for which in order]).T
        places = np.arange(1, len(mean) + 1) + 0.2 * shift / len(scores)
        bars = None if np.isnan(low).any() else (mean - low, high - mean)
        color = f"C{shift}"
        axes.errorbar(places, mean, bars, fmt="none", capsize=2, linewidth=1, color=color)
        points = axes.scatter(places, mean, s=16, label=condition, color=color, zorder=3)
        points.set_urls([f"#{_anchor(which, condition)}" for which in order])
    group = SIMULATED.upper() if found.panel.group == SIMULATED else found.panel.group
    procedure = design.procedure
    axes.set(xlabel="picture", ylabel=_unit(found), title=f"{counted(len(found.kept), 'rater')}: {group}")
    axes.set_ylim(procedure.lowest, procedure.highest)
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    small = [_small(study, design, place, int(which), scores) for place, which in enumerate(order, start=1)]
    return "\n".join([STYLE, inline_svg(figure), "<p>Each point leads to its picture.</p>", *small])


def _scores(found: Findings | Preferences) -> dict[str, list[Interval]]:
    if isinstance(found, Findings):
        return found.per_image
    return {
        condition: [Interval(float(share), np.nan, np.nan) for share in found.per_image[:, column]]
        for column, condition in enumerate(found.design.conditions)
    }


def _unit(found: Findings | Preferences) -> str:
    return "MOS, 95 % interval" if isinstance(found, Findings) else "share preferred"


def _anchor(image: int, condition: str) -> str:
    return f"picture-{image}-{condition.replace(' ', '-')}"


def _small(study: str | Path, design: Design, place: int, which: int, scores: dict[str, list[Interval]]) -> str:
    """One picture's original, and what was rated of it, best first."""
    image = design.images[which]
    figures = [_figure(study, image.original, "original", "original", "")]
    for condition in sorted(scores, key=lambda condition: -scores[condition][which].mean):
        text = f"{condition}: {scores[condition][which].mean:.2f}"
        figures.append(_figure(study, image.tests[condition], condition, text, _anchor(which, condition)))
    return f'<div class="rated"><h3>{place}: {html.escape(image.name)}</h3>{"".join(figures)}</div>'


def _figure(study: str | Path, name: str, alt: str, text: str, anchor: str) -> str:
    small = Image.fromarray(read_image(picture_path(study, name)))
    small.thumbnail((_SMALL, _SMALL))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80)
    data = base64.b64encode(file.getvalue()).decode()
    own = f' id="{html.escape(anchor)}"' if anchor else ""
    return (
        f'<figure{own}><img alt="{html.escape(alt)}" width="{small.width}" height="{small.height}"'
        f' src="data:image/webp;base64,{data}"><figcaption>{html.escape(text)}</figcaption></figure>'
    )
