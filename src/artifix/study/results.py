"""From ratings to figures: Table 3, Fig. 7, and what may be said of one method against another."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from artifix.errors import DataError
from artifix.printable import counted
from artifix.study.design import Design, read_design
from artifix.study.statistics import (
    Interval,
    Scores,
    Screening,
    SubjectBias,
    mean_interval,
    paired_test,
    screen,
    subject_bias,
)
from artifix.study.store import read_raters, read_ratings

PEOPLE: Final = "people"
SIMULATED: Final = "simulated"
_FULL_SIZE: Final = 0.999  # a browser rounds


@dataclass(frozen=True)
class Opinion:
    """The mean opinion score of all judgements of one method, and their standard deviation."""

    mos: float
    deviation: float


@dataclass(frozen=True)
class Comparison:
    """One method against another, picture by picture.

    `won`, `tied` and `lost` are shares of the pictures, by their MOS, 0..1. `difference` is that of the MOS, with its
    interval over pictures. `p_images` and `p_raters` are Wilcoxon's, over the mean differences of the pictures and of
    the raters.
    """

    method: str
    other: str
    won: float
    tied: float
    lost: float
    difference: Interval
    p_images: float
    p_raters: float


@dataclass(frozen=True)
class Findings:
    """What one group of raters, people or simulated ones and never both, has found.

    `raters` are those who finished, the others count for nothing. `kept` tells who of them passed the screening, and
    only those count in what follows it; figures are NaN, and there is no comparison, where nobody did.
    """

    design: Design
    group: str
    raters: tuple[int, ...]
    unfinished: int
    other_group: int
    screening: Screening
    opinions: dict[str, Opinion]
    unscreened: dict[str, Opinion]
    modelled: SubjectBias
    """P.913's model of all raters who finished, the screened ones too; its scores by picture, then by method."""
    per_image: dict[str, list[Interval]]
    comparisons: list[Comparison]
    seconds: float
    """A trial's median."""
    reduced: float
    """The share of ratings, 0..1, for which the pictures were shown smaller than they are."""

    @property
    def kept(self) -> list[int]:
        """The numbers of the raters who passed the screening."""
        return [rater for rater, out in zip(self.raters, self.screening.rejected, strict=True) if not out]

    @property
    def modelled_opinions(self) -> dict[str, float]:
        """Each method's mean score over the pictures by P.913's model."""
        means = self.modelled.scores.reshape(len(self.design.images), len(self.design.methods)).mean(axis=0)
        return dict(zip(self.design.methods, means.tolist(), strict=True))


def raters_in_words(number: int, group: str) -> str:
    """How many they are, and of what kind."""
    return counted(number, "simulated rater") if group == SIMULATED else counted(number, "person", "people")


def findings(study: str | Path, *, simulated: bool = False) -> Findings:
    """What the people of a study, or its simulated raters, have found; DataError where none of them has finished."""
    design = read_design(study)
    everyone = read_ratings(study)
    ratings = [rating for rating in everyone if rating.simulated == simulated and not rating.training]
    group = SIMULATED if simulated else PEOPLE
    by_rater: dict[int, dict[tuple[str, str], float]] = {}
    for rating in ratings:
        by_rater.setdefault(rating.rater, {})[rating.image, rating.method] = rating.score
    keys = list(itertools.product((image.name for image in design.images), design.methods))
    finished = {rater: given for rater, given in by_rater.items() if len(given) == len(keys)}
    others = len({rating.rater for rating in everyone if rating.simulated != simulated})
    if not finished:
        beside = f"; {raters_in_words(others, PEOPLE if simulated else SIMULATED)} began" if others else ""
        raise DataError(f"{study}: no {'simulated rater' if simulated else 'person'} has rated all pictures{beside}")
    scores = np.array([[given[key] for key in keys] for given in finished.values()])
    screening, modelled = screen(scores), subject_bias(scores)
    scores = scores.reshape(len(finished), len(design.images), len(design.methods))
    kept = scores[~screening.rejected]
    rated = [rating for rating in ratings if rating.rater in finished]
    return Findings(
        design,
        group,
        tuple(finished),
        unfinished=list(read_raters(study).values()).count(simulated) - len(finished),
        other_group=others,
        screening=screening,
        opinions=_opinions(design, kept),
        unscreened=_opinions(design, scores),
        modelled=modelled,
        per_image={
            method: [mean_interval(kept[:, image, column], 0, 100) for image in range(kept.shape[1])]
            for column, method in enumerate(design.methods)
        },
        comparisons=_comparisons(design, kept),
        seconds=float(np.median([rating.seconds for rating in rated])),
        reduced=float(np.mean([rating.scale < _FULL_SIZE for rating in rated])),
    )


def _opinions(design: Design, scores: Scores) -> dict[str, Opinion]:
    opinions = {}
    for column, method in enumerate(design.methods):
        given = scores[..., column]
        deviation = float(given.std(ddof=1)) if given.size > 1 else np.nan
        opinions[method] = Opinion(float(given.mean()) if given.size else np.nan, deviation)
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
    return found
