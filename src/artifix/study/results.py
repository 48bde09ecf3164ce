"""From scores on a scale to figures: Table 3, Fig. 7, and what may be said of one method against another."""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from artifix.errors import DataError
from artifix.study.design import Design, read_design
from artifix.study.metrics import Correlation, correlate, measure_pictures
from artifix.study.order import REFERENCE
from artifix.study.panel import Panel, read_panel
from artifix.study.reliability import Agreement, intraclass_correlation
from artifix.study.statistics import (
    Interval,
    Scores,
    Screening,
    SubjectBias,
    holm,
    mean_interval,
    paired_test,
    screen,
    subject_bias,
)


@dataclass(frozen=True)
class Opinion:
    """The mean opinion score of all judgements of one condition, and their standard deviation.

    `dmos` is the mean of the scores' differences from the same rater's of the hidden reference, plus the top of the
    scale (ITU-T P.913, 7.2.2), with its interval over pictures; None where there is no hidden reference.
    """

    mos: float
    deviation: float
    dmos: Interval | None = None


@dataclass(frozen=True)
class Comparison:
    """One method against another, picture by picture.

    `won`, `tied` and `lost` are shares of the pictures, by their MOS, 0..1. `difference` is that of the MOS, with its
    interval over pictures. `p_images` and `p_raters` are Wilcoxon's, over the mean differences of the pictures and of
    the raters; `holm_images` and `holm_raters` are the same, adjusted for all comparisons of the study.
    """

    method: str
    other: str
    won: float
    tied: float
    lost: float
    difference: Interval
    p_images: float
    p_raters: float
    holm_images: float = np.nan
    holm_raters: float = np.nan


@dataclass(frozen=True)
class Findings:
    """What a panel has found, on a scale.

    `rated` are the panel's attentive raters, and `screening` is of them; only those that it keeps count in what follows
    it. Figures are NaN, and there is no comparison, where it keeps nobody.
    """

    design: Design
    panel: Panel
    rated: list[int]
    screening: Screening
    opinions: dict[str, Opinion]
    unscreened: dict[str, Opinion]
    modelled: SubjectBias
    """P.913's model of all attentive raters, the screened ones too; its scores by picture, then by condition."""
    agreement: Agreement
    per_image: dict[str, list[Interval]]
    comparisons: list[Comparison]
    correlations: list[Correlation]

    @property
    def kept(self) -> list[int]:
        """The numbers of the raters who passed the attention checks and the screening."""
        return [rater for rater, out in zip(self.rated, self.screening.rejected, strict=True) if not out]

    @property
    def modelled_opinions(self) -> dict[str, float]:
        """Each condition's mean score over the pictures by P.913's model."""
        means = self.modelled.scores.reshape(len(self.design.images), len(self.design.conditions)).mean(axis=0)
        return dict(zip(self.design.conditions, means.tolist(), strict=True))


def findings(study: str | Path, *, simulated: bool = False) -> Findings:
    """What the people of a study, or its simulated raters, have found.

    DataError where none of them has finished, or none who did was attentive.
    """
    design = read_design(study)
    panel = read_panel(study, design, simulated=simulated)
    rated = panel.attentive
    if not rated:
        raise DataError(f"{study}: everybody who has finished failed more than a quarter of the attention checks")
    given = {(one.rater, one.image, one.method): one.score for one in panel.ratings if one.kind == "test"}
    keys = list(itertools.product((image.name for image in design.images), design.conditions))
    scores = np.array([[given[rater, *key] for key in keys] for rater in rated])
    screening, modelled, agreement = screen(scores), subject_bias(scores), intraclass_correlation(scores)
    scores = scores.reshape(len(rated), len(design.images), len(design.conditions))
    kept = scores[~screening.rejected]
    lowest, highest = design.procedure.lowest, design.procedure.highest
    return Findings(
        design,
        panel,
        rated,
        screening=screening,
        opinions=_opinions(design, kept),
        unscreened=_opinions(design, scores),
        modelled=modelled,
        agreement=agreement,
        per_image={
            condition: [mean_interval(kept[:, image, column], lowest, highest) for image in range(kept.shape[1])]
            for column, condition in enumerate(design.conditions)
        },
        comparisons=_comparisons(design, kept),
        correlations=_correlations(study, design, kept),
    )


def _opinions(design: Design, scores: Scores) -> dict[str, Opinion]:
    opinions = {}
    top = design.procedure.highest
    for column, condition in enumerate(design.conditions):
        given = scores[..., column]
        deviation = float(given.std(ddof=1)) if given.size > 1 else np.nan
        dmos = None
        if condition != REFERENCE and REFERENCE in design.conditions and given.size:
            against = (given - scores[..., design.conditions.index(REFERENCE)]).mean(axis=0) + top
            dmos = mean_interval(against, 2 * design.procedure.lowest - top, 2 * top - design.procedure.lowest)
        opinions[condition] = Opinion(float(given.mean()) if given.size else np.nan, deviation, dmos)
    return opinions


def _comparisons(design: Design, scores: Scores) -> list[Comparison]:
    """Every pair of methods, the one of the higher MOS first; none without raters."""
    if not len(scores):
        return []
    ranked = sorted(enumerate(design.methods), key=lambda item: -scores[..., item[0]].mean())
    found = []
    for (column, method), (other_column, other) in itertools.combinations(ranked, 2):
        differences = scores[..., column] - scores[..., other_column]
        of_images = differences.mean(axis=0)
        won, tied, lost = (float((np.sign(of_images) == sign).mean()) for sign in (1, 0, -1))
        p_images, p_raters = paired_test(of_images), paired_test(differences.mean(axis=1))
        found.append(Comparison(method, other, won, tied, lost, mean_interval(of_images), p_images, p_raters))
    over_images, over_raters = (holm(np.array([getattr(one, p) for one in found])) for p in ("p_images", "p_raters"))
    return [
        replace(one, holm_images=float(images), holm_raters=float(raters))
        for one, images, raters in zip(found, over_images, over_raters, strict=True)
    ]


def _correlations(study: str | Path, design: Design, scores: Scores) -> list[Correlation]:
    """Each figure's with the MOS of all pictures by all methods; none without raters."""
    if not len(scores):
        return []
    mos = scores[..., : len(design.methods)].mean(axis=0).ravel()
    return [correlate(name, figures.ravel(), mos) for name, figures in measure_pictures(study, design).items()]
