"""Average precision as the VOC devkit takes it (Everingham et al., IJCV 88(2), 2010), of a set and of its resamples."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.detection.boxes import overlap
from artifix.evaluate.detection.detectors import Detections
from artifix.evaluate.detection.voc import CLASSES, Annotated

Figures = NDArray[np.float64]

MIN_OVERLAP: Final = 0.5
_CHUNK: Final = 1 << 22  # how many numbers a bootstrap takes up at once

Outcomes = dict[str, list[tuple[float, int]]]
"""Class -> score and whether it is right, 1 or 0, of each detection that counts, best first."""


def judge(found: Detections, picture: Annotated) -> Outcomes:
    """Which detections in a picture are right.

    As the devkit has it: each detection, best first, goes to the object of its class that it overlaps most, and is
    right if that is by at least `MIN_OVERLAP` and nobody came first; if the object is difficult it does not count.
    """
    outcomes: Outcomes = {}
    taken = np.zeros(len(picture.boxes), bool)
    for place in np.argsort(-found.scores, kind="stable"):
        label = found.labels[place]
        candidates = np.flatnonzero(picture.labels == label)
        overlaps = overlap(found.boxes[place], picture.boxes[candidates])
        right = 0
        if overlaps.size and overlaps.max() >= MIN_OVERLAP:
            target = candidates[overlaps.argmax()]
            if picture.difficult[target]:
                continue
            right = int(not taken[target])
            taken[target] = True
        outcomes.setdefault(CLASSES[label], []).append((round(float(found.scores[place]), 5), right))
    return outcomes


class AveragePrecision(NamedTuple):
    """One figure, 0..1, for each weighting; NaN where nothing was to be found."""

    auc: Figures
    """The area under the curve of precision over recall, made monotone: VOC's since 2010."""
    eleven_point: Figures
    """The mean of that precision at recall 0, 0.1, ..., 1: VOC2007's."""


def average_precision(
    scores: Figures,
    right: NDArray[np.bool_],
    images: NDArray[np.intp],
    positives: NDArray[np.intp],
    weights: NDArray[np.intp],
) -> AveragePrecision:
    """The average precision of one class, under each of B weightings of the images.

    `scores`, `right` and `images` (D,) tell of each detection its confidence, whether it is right and in which image
    it is; `positives` (I,) how many objects each image has. `weights` (B, I) say how often each image counts: all ones
    for the set itself, the counts of a draw with replacement for a bootstrap's.
    """
    order = np.argsort(-scores, kind="stable")
    right, images = right[order], images[order]
    hits = np.flatnonzero(right)
    auc, eleven_point = np.empty(len(weights)), np.empty(len(weights))
    rows = max(1, _CHUNK // max(1, len(scores)))
    for start in range(0, len(weights), rows):
        chunk = slice(start, start + rows)
        auc[chunk], eleven_point[chunk] = _areas(hits, images, positives, weights[chunk])
    return AveragePrecision(auc, eleven_point)


def _areas(
    hits: NDArray[np.intp], images: NDArray[np.intp], positives: NDArray[np.intp], weights: NDArray[np.intp]
) -> tuple[Figures, Figures]:
    counts = weights[:, images]  # of each detection, best first
    total = counts.cumsum(axis=1)[:, hits]
    found = counts[:, hits].cumsum(axis=1)
    # Precision peaks where a detection is right, so the curve need be known nowhere else.
    precision = np.divide(found, total, out=np.zeros(total.shape), where=total > 0)
    monotone = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    wanted = weights @ positives
    area = (monotone * counts[:, hits]).sum(axis=1)
    # In whole numbers: 3 of 10 reach a recall of 0.3, whatever 0.1 + 0.1 + 0.1 is.
    reached = [_first(monotone, 10 * found >= tenth * wanted[:, None]) for tenth in range(11)]
    with np.errstate(invalid="ignore"):
        return area / wanted, np.where(wanted > 0, np.mean(reached, axis=0), np.nan)


def _first(values: Figures, chosen: NDArray[np.bool_]) -> Figures:
    """The first chosen value of each row, 0 where none is."""
    if not values.shape[1]:
        return np.zeros(len(values))
    first = np.take_along_axis(values, chosen.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(chosen.any(axis=1), first, 0.0)


def bootstrap_weights(images: int, resamples: int, seed: int = 0) -> NDArray[np.intp]:
    """(1 + resamples, images): first the set itself, then how often each image is in a draw with replacement."""
    draws = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    return np.vstack([np.ones(images, np.intp), draws.astype(np.intp)])
