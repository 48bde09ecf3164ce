"""How far raters agree with each other."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from artifix.study.statistics import Interval, Scores


class Agreement(NamedTuple):
    """The intraclass correlation of one rater's scores, with its 95 % interval, and of the mean of all raters."""

    single: Interval
    average: float


def intraclass_correlation(scores: Scores) -> Agreement:
    """ICC(2,1) and ICC(2,k) of scores (k raters, n presentations): absolute agreement of raters drawn at random.

    Shrout and Fleiss, Psychological Bulletin 86, 1979; the interval is McGraw and Wong's (Psychological Methods 1,
    1996) for ICC(A,1). NaN for fewer than two raters or presentations, and where every rater gives one score only.
    """
    k, n = scores.shape
    nothing = Agreement(Interval(np.nan, np.nan, np.nan), np.nan)
    if k < 2 or n < 2 or not np.ptp(scores, axis=1).any():
        return nothing
    mean, of_raters, of_presentations = scores.mean(), scores.mean(axis=1), scores.mean(axis=0)
    rows = k * ((of_presentations - mean) ** 2).sum() / (n - 1)
    columns = n * ((of_raters - mean) ** 2).sum() / (k - 1)
    rest = scores - of_raters[:, None] - of_presentations + mean
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    single = float((rows - error) / (rows + (k - 1) * error + k * (columns - error) / n))
    average = float((rows - error) / (rows + (columns - error) / n))
    if single >= 1:
        return Agreement(Interval(1.0, 1.0, 1.0), 1.0)
    a = k * single / (n * (1 - single))
    b = 1 + k * single * (n - 1) / (n * (1 - single))
    freedom = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    below, above = stats.f.ppf(0.975, n - 1, freedom), stats.f.ppf(0.975, freedom, n - 1)
    spread = k * columns + (k * n - k - n) * error
    low = n * (rows - below * error) / (below * spread + n * rows)
    high = n * (above * rows - error) / (spread + n * above * rows)
    return Agreement(Interval(single, float(low), float(high)), average)
