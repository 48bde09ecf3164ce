"""The statistics of a rating study, as functions of arrays of scores; none of them draws anything at random."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Scores = NDArray[np.float64]

_SHARE: Final = 0.05
_ONE_SIDED: Final = 0.3


class Interval(NamedTuple):
    """A mean, and where the mean of all that might have been drawn lies with 95 % confidence."""

    mean: float
    low: float
    high: float


def mean_interval(scores: Scores, low: float = -np.inf, high: float = np.inf) -> Interval:
    """The mean of scores (N,) and its 95 % interval by Student's t with N - 1 degrees of freedom, within `low`..`high`.

    BT.500 takes 1.96 standard errors instead, which is too narrow for the ten or twenty raters that a study has. The
    ends of the scale are the interval's, too: no mean lies beyond them, so nothing of its confidence is lost. NaN for
    the limits of a single score, and for all of none.
    """
    mean = float(scores.mean()) if len(scores) else np.nan
    if len(scores) < 2:
        return Interval(mean, np.nan, np.nan)
    half = float(stats.t.ppf(0.975, len(scores) - 1) * scores.std(ddof=1) / np.sqrt(len(scores)))
    return Interval(mean, max(low, mean - half), min(high, mean + half))


class Screening(NamedTuple):
    """For each rater (N,): how often far above the others (P), how often far below (Q), and whether to leave out."""

    above: NDArray[np.int64]
    below: NDArray[np.int64]
    rejected: NDArray[np.bool_]


def screen(scores: Scores) -> Screening:
    """The screening of observers of ITU-R BT.500-13, Annex 2, 2.3.1, once, for scores (N raters, presentations).

    A presentation's scores count as normal where their kurtosis beta2 = m4 / m2^2 is 2..4. A score is far above, or
    below, where it is at least 2 standard deviations from the presentation's mean, or sqrt(20) where they are not
    normal. A rater is left out who is far off in more than 5 % of the presentations and not mainly to one side:
    |P - Q| / (P + Q) < 0.3. Who is merely strict or generous stays. The same rule is in Netflix's sureal, but for the
    standard deviation: its is the population's, ours the sample's, as in BT.500's own formula (Annex 2, 2.2).

    Where all give one score nobody is far off. Of fewer than six raters nobody can be.
    """
    deviations = scores - scores.mean(axis=0)
    second, fourth = (deviations**2).mean(axis=0), (deviations**4).mean(axis=0)
    spread = np.sqrt(second * len(scores) / max(1, len(scores) - 1))
    agreed = np.ptp(scores, axis=0) == 0
    kurtosis = fourth / np.where(agreed, 1.0, second) ** 2
    limit = np.where((kurtosis >= 2) & (kurtosis <= 4), 2.0, np.sqrt(20.0)) * spread
    above = ((deviations >= limit) & ~agreed).sum(axis=1)
    below = ((deviations <= -limit) & ~agreed).sum(axis=1)
    total = above + below
    two_sided = np.abs(above - below) < _ONE_SIDED * total
    return Screening(above, below, (total > _SHARE * scores.shape[1]) & two_sided)


def paired_test(differences: Scores) -> float:
    """The two-sided p of Wilcoxon's signed-rank test that differences (N,) lie about 0.

    Those that are 0 are left aside; 1 where all are. Exact up to 50 of the others, or 13 where some are equally large,
    beyond by the normal approximation without a correction for continuity.
    """
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def holm(probabilities: Scores) -> Scores:
    """The p-values (N,) of tests made together, adjusted by Holm (Scand. J. Statist. 6, 1979): R's p.adjust.

    Those below a level reject no true hypothesis, in so large a share of such families. NaN stays, and counts for none.
    """
    adjusted = np.full(len(probabilities), np.nan)
    known = np.flatnonzero(~np.isnan(probabilities))
    order = known[np.argsort(probabilities[known], kind="stable")]
    steps = probabilities[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps)) if len(order) else steps
    return adjusted


class SubjectBias(NamedTuple):
    """Scores (presentations,) with half their 95 % intervals, and each rater's (N,) bias and inconsistency.

    All are in points of the scale; a rater's `inconsistency` is the standard deviation of what neither the presentation
    nor the bias explains.
    """

    scores: Scores
    half: Scores
    bias: Scores
    inconsistency: Scores


_STEADIEST: Final = 1e-3
"""Points: the least inconsistency that a rater is credited with."""


def subject_bias(scores: Scores) -> SubjectBias:
    """The model of ITU-T P.913, 12.6, of scores (N raters, presentations): what was seen apart from who saw it.

    A score is the presentation's, plus the rater's bias, plus noise of the rater's own strength; the three are found
    by turns until they stay (Li et al., "A simple model for subject behavior in subjective experiments", 2020, which
    sureal implements). Inconsistent raters count for less, and none is left out. The biases' mean is 0.

    In one thing it is not theirs. A rater's noise is measured against a mean in which the same rater has a share, and
    so comes out too small, which makes the share larger: with a handful of raters one ends up deciding alone. Here the
    variance is divided by 1 - share, as a sample's is by N - 1. NaN throughout for fewer than two raters or
    presentations.
    """
    raters, presentations = scores.shape
    if raters < 2 or presentations < 2:
        empty = np.full(raters, np.nan)
        return SubjectBias(np.full(presentations, np.nan), np.full(presentations, np.nan), empty, empty)
    means, shares = scores.mean(axis=0), np.full(raters, 1 / raters)
    for _ in range(1000):
        bias = (scores - means).mean(axis=1)
        bias -= bias.mean()
        unbiased = scores - bias[:, None]
        variance = (unbiased - means).var(axis=1) / np.maximum(1 - shares, 1e-6)
        inconsistency = np.maximum(np.sqrt(variance), _STEADIEST)
        weights = inconsistency**-2
        shares = weights / weights.sum()
        before, means = means, shares @ unbiased
        if np.abs(means - before).max() < 1e-8:
            break
    half = np.full(presentations, 1.96 / np.sqrt(weights.sum()))
    return SubjectBias(means, half, bias, inconsistency)
