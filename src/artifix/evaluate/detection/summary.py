"""From records to figures: average precision by class, mAP, its bootstrap interval, and who beats whom."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.detection.average_precision import AveragePrecision, average_precision, bootstrap_weights
from artifix.evaluate.detection.results import (
    ORIGINAL,
    Comparison,
    DetectionResults,
    Interval,
    Key,
    Mean,
    Record,
    Summary,
)
from artifix.evaluate.detection.voc import CLASSES

Figures = NDArray[np.float64]

RESAMPLES: Final = 1000


@dataclass(frozen=True)
class _Figures:
    """Average precisions in (1 + RESAMPLES) weightings of the images, first that of the set itself."""

    classes: dict[str, AveragePrecision]
    maps: Figures
    """The mean over classes of the area under the curve."""


def summarise(results: DetectionResults) -> Summary:
    """The means of all that is complete, and the comparisons between methods of one codec and quality.

    Every method is measured in the same resamples of the images, so that a difference has an interval of its own,
    narrower than those of its two ends.
    """
    weights = bootstrap_weights(len(results.positives), RESAMPLES)
    complete = results.complete()
    figures = {key: _figures(records, results.positives, weights) for key, records in complete.items()}
    keys = sorted(figures, key=lambda key: (key[2] != ORIGINAL, key[1] or 0, list(figures).index(key)))
    means = [_mean(key, complete[key], figures) for key in keys]
    pairs = [(a, b) for a, b in combinations(keys, 2) if a[:2] == b[:2]]
    return Summary(means, [_compare(method, over, figures) for over, method in pairs])


def _figures(records: list[Record], positives: dict[str, dict[str, int]], weights: NDArray[np.intp]) -> _Figures:
    classes = {}
    for name in CLASSES:
        wanted = np.array([counts.get(name, 0) for counts in positives.values()], np.intp)
        if not wanted.any():
            continue
        seen = [(score, right, n) for n, record in enumerate(records) for score, right in record.outcomes.get(name, [])]
        scores, right, images = np.array(seen, np.float64).reshape(-1, 3).T
        classes[name] = average_precision(scores, right.astype(bool), images.astype(np.intp), wanted, weights)
    return _Figures(classes, _mean_over_classes([auc for auc, _ in classes.values()]))


def _mean_over_classes(values: list[Figures]) -> Figures:
    """The mean over the classes that a resample has objects of."""
    stacked = np.array(values).reshape(-1, RESAMPLES + 1)
    present = ~np.isnan(stacked)
    return np.divide(
        np.nansum(stacked, axis=0), present.sum(axis=0), out=np.zeros(RESAMPLES + 1), where=present.any(axis=0)
    )


def _mean(key: Key, records: list[Record], figures: dict[Key, _Figures]) -> Mean:
    codec, quality, method = key
    own = figures[key]
    eleven_point = {name: round(float(points[0]), 6) for name, (_, points) in own.classes.items()}
    recovered = _recovered(key, figures)
    return Mean(
        codec,
        quality,
        method,
        len(records),
        map_auc=round(float(own.maps[0]), 6),
        interval=_interval(own.maps[1:]),
        map_11pt=round(float(np.mean(list(eleven_point.values()) or [0.0])), 6),
        recovered=recovered[0] if recovered else None,
        recovered_interval=recovered[1] if recovered else None,
        ap={name: round(float(auc[0]), 6) for name, (auc, _) in own.classes.items()},
        ap_11pt=eleven_point,
        commit=", ".join(sorted({record.commit for record in records})),
        date=max(record.date for record in records),
    )


def _recovered(key: Key, figures: dict[Key, _Figures]) -> tuple[float, Interval] | None:
    """The share of the lost mAP that a restoring method wins back, where the loss itself is beyond chance."""
    codec, quality, method = key
    original, degraded = figures.get((None, None, ORIGINAL)), figures.get((codec, quality, codec or ""))
    if original is None or degraded is None or method == codec:
        return None
    lost = original.maps - degraded.maps
    if lost[0] <= 0 or _interval(lost[1:])[0] <= 0:
        return None
    share = (figures[key].maps - degraded.maps)[lost > 0] / lost[lost > 0]
    return round(float(share[0]), 6), _interval(share[1:])


def _compare(method: Key, over: Key, figures: dict[Key, _Figures]) -> Comparison:
    difference = figures[method].maps - figures[over].maps
    codec, quality, name = method
    return Comparison(
        codec or "", quality or 0, name, over[2], round(float(difference[0]), 6), _interval(difference[1:])
    )


def _interval(values: Figures) -> Interval:
    low, high = np.percentile(values, (2.5, 97.5))
    return round(float(low), 6), round(float(high), 6)
