"""From records to figures: average precision by class, mAP, its bootstrap interval, and who beats whom."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from artifix.evaluate.detection.average_precision import Figures, Ranking, Weights, bootstrap_weights
from artifix.evaluate.detection.results import (
    ORIGINAL,
    Comparison,
    DetectionResults,
    Interval,
    Key,
    Mean,
    Summary,
)
from artifix.evaluate.detection.voc import CLASSES
from artifix.evaluate.records import Record
from artifix.evaluate.results import commits

# The Monte Carlo error of an interval's end goes as the figure's own spread, which falls with the pictures, over the
# square root of the draws: with so many of them it is about 0.0004 for any number of pictures.
_PICTURES_DRAWN: Final = 10_000_000
_DRAWS: Final = (1_000, 50_000)
MIN_PICTURES: Final = 10
"""With something to be found in them; with fewer, no draws can estimate the effect of chance."""


@dataclass(frozen=True)
class _Figures:
    """A method's average precisions."""

    auc: dict[str, float]
    eleven_point: dict[str, float]
    maps: Figures
    """The mean over classes of the area under the curve: of the set itself, then of each draw, freed of its bias."""


def summarise(results: DetectionResults) -> Summary:
    """The means of all that is complete, and the comparisons between methods of one codec and quality.

    Intervals are of a percentile bootstrap over pictures, in 50,000 draws, or fewer of more than 200 pictures. A draw
    has some pictures twice and some classes not at all, by which its mAP lies higher: all are shifted by the
    bootstrap's own estimate of that bias (Efron and Tibshirani 1993, section 10.4: the mean over the draws, less the
    mAP under the mean of their weights, which is the set itself but for chance). Every method is measured in the same
    draws, so that a difference has an interval of its own, narrower than those of its two ends. Of fewer than
    `MIN_PICTURES` with something to be found there are no intervals.
    """
    weights = bootstrap_weights(len(results.positives), _draws(results.positives))
    complete = results.complete()
    figures = {key: _figures(records, results.positives, weights) for key, records in complete.items()}
    keys = sorted(figures, key=lambda key: key[1] or 0)  # the original has no quality, and is the first
    means = [_mean(key, complete[key], figures) for key in keys]
    coded = [(codec, quality, name) for codec, quality, name in keys if codec is not None and quality is not None]
    pairs = [(a, b) for a, b in combinations(coded, 2) if a[:2] == b[:2]]
    return Summary(means, [_compare(method, over, figures) for over, method in pairs])


def _draws(positives: dict[str, dict[str, int]]) -> int:
    if sum(map(bool, positives.values())) < MIN_PICTURES:
        return 0
    fewest, most = _DRAWS
    return max(fewest, min(_PICTURES_DRAWN // len(positives), most))


def _figures(records: list[Record], positives: dict[str, dict[str, int]], weights: Weights) -> _Figures:
    auc, eleven_point, areas = {}, {}, []
    for name in CLASSES:
        wanted = np.array([counts.get(name, 0) for counts in positives.values()], np.intp)
        if not wanted.any():
            continue
        seen = [(score, right, n) for n, record in enumerate(records) for score, right in record.outcomes.get(name, [])]
        scores, right, images = np.array(seen, np.float64).reshape(-1, 3).T
        ranking = Ranking(scores, right.astype(bool), images.astype(np.intp), wanted)
        areas.append(ranking.area_under_curve(weights))
        auc[name] = round(float(areas[-1][0]), 6)
        eleven_point[name] = round(float(ranking.eleven_point(weights[:1])[0]), 6)
    maps = _mean_over_classes(np.array(areas).reshape(-1, len(weights)))
    own, middle, draws = maps[:1], maps[1], maps[2:]
    if draws.size:
        draws = draws - (draws.mean() - middle)
    return _Figures(auc, eleven_point, np.append(own, draws))


def _mean_over_classes(areas: Figures) -> Figures:
    """The mean over the classes that a draw has objects of; 0 where it has none at all."""
    present = (~np.isnan(areas)).sum(axis=0)
    return np.divide(np.nansum(areas, axis=0), present, out=np.zeros(areas.shape[1]), where=present > 0)


def _mean(key: Key, records: list[Record], figures: dict[Key, _Figures]) -> Mean:
    codec, quality, method = key
    own = figures[key]
    recovered, recovered_interval = _recovered(key, figures)
    return Mean(
        codec,
        quality,
        method,
        len(records),
        map_auc=round(float(own.maps[0]), 6),
        interval=_interval(own.maps[1:], 0, 1),
        map_11pt=round(float(np.mean(list(own.eleven_point.values()) or [0.0])), 6),
        recovered=recovered,
        recovered_interval=recovered_interval,
        ap=own.auc,
        ap_11pt=own.eleven_point,
        commit=commits(records),
        date=max(record.date for record in records),
        fingerprint=records[0].cell.fingerprint,
    )


def _recovered(key: Key, figures: dict[Key, _Figures]) -> tuple[float | None, Interval | None]:
    """The share of the lost mAP that a restoring method wins back, where the loss itself is beyond chance."""
    codec, quality, method = key
    original = figures.get((None, None, ORIGINAL))
    degraded = None if codec is None or method == codec else figures.get((codec, quality, codec))
    if original is None or degraded is None:
        return None, None
    lost = original.maps - degraded.maps
    beyond_chance = _interval(lost[1:], -1, 1)
    if lost[0] <= 0 or beyond_chance is None or beyond_chance[0] <= 0:
        return None, None
    share = (figures[key].maps - degraded.maps)[lost > 0] / lost[lost > 0]
    return round(float(share[0]), 6), _interval(share[1:], -np.inf, np.inf)


def _compare(method: tuple[str, int, str], over: Key, figures: dict[Key, _Figures]) -> Comparison:
    difference = figures[method].maps - figures[over].maps
    return Comparison(*method, over[2], round(float(difference[0]), 6), _interval(difference[1:], -1, 1))


def _interval(draws: Figures, smallest: float, largest: float) -> Interval | None:
    """What 95 % of the draws lie in, within what is possible; None without draws."""
    if not draws.size:
        return None
    low, high = np.percentile(draws, (2.5, 97.5)).clip(smallest, largest)
    return round(float(low), 6), round(float(high), 6)
