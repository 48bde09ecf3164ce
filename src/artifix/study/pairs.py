"""From pairs to figures: how often each method was preferred, and the scale of Bradley and Terry."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artifix.errors import DataError
from artifix.study.design import Design, read_design
from artifix.study.panel import Panel, read_panel
from artifix.study.preference import Worths, bradley_terry
from artifix.study.statistics import Interval, holm, mean_interval, paired_test


@dataclass(frozen=True)
class Preference:
    """One condition against another: the share of trials in which it was preferred, with its interval over raters.

    The p-values are Wilcoxon's of that share against one half, over pictures and over raters, both adjusted by Holm for
    all pairs of the study.
    """

    method: str
    other: str
    share: Interval
    holm_images: float
    holm_raters: float


@dataclass(frozen=True)
class Preferences:
    """What a panel has found by paired comparison; `rated` are its attentive raters, the only ones that count."""

    design: Design
    panel: Panel
    rated: list[int]
    worths: Worths
    """By condition, in the order of the design."""
    pairs: list[Preference]
    per_image: NDArray[np.float64]
    """(images, conditions): the share of its trials in which each was preferred."""

    @property
    def kept(self) -> list[int]:
        """The numbers of the raters who count."""
        return self.rated


def preferences(study: str | Path, *, simulated: bool = False) -> Preferences:
    """What the people of a study by paired comparison, or its simulated raters, have found; DataError as `findings`."""
    design = read_design(study)
    panel = read_panel(study, design, simulated=simulated)
    rated, conditions = panel.attentive, design.conditions
    if not rated:
        raise DataError(f"{study}: everybody who has finished failed more than a quarter of the attention checks")
    names = [image.name for image in design.images]
    # (raters, images, preferred, other): 1 where it was so.
    won = np.zeros((len(rated), len(names), len(conditions), len(conditions)))
    for one in panel.ratings:
        if one.kind == "test" and one.rater in rated:
            preferred, other = (one.method, one.other) if one.score == 1 else (one.other, one.method)
            won[
                rated.index(one.rater), names.index(one.image), conditions.index(preferred), conditions.index(other)
            ] = 1
    worths = bradley_terry(won.sum(axis=(0, 1)))
    ranked = sorted(range(len(conditions)), key=lambda which: -worths.worth[which])
    compared = list(itertools.combinations(ranked, 2))
    shares = [won[:, :, one, other] for one, other in compared]
    over_images = holm(np.array([paired_test(share.mean(axis=0) - 0.5) for share in shares]))
    over_raters = holm(np.array([paired_test(share.mean(axis=1) - 0.5) for share in shares]))
    pairs = [
        Preference(
            conditions[one],
            conditions[other],
            mean_interval(share.mean(axis=1), 0, 1),
            float(images),
            float(raters),
        )
        for (one, other), share, images, raters in zip(compared, shares, over_images, over_raters, strict=True)
    ]
    each = won.sum(axis=(0, 3)) / (len(rated) * (len(conditions) - 1))
    return Preferences(design, panel, rated, worths, pairs, each)
