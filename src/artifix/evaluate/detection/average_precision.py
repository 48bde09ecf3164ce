"""Average precision as the VOC devkit takes it (Everingham et al., IJCV 88(2), 2010), of a set and of its resamples."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.detection.boxes import overlap
from artifix.evaluate.detection.detectors import Detections
from artifix.evaluate.detection.voc import CLASSES, Annotated
from artifix.evaluate.records import Outcomes

Figures = NDArray[np.float64]
Weights = NDArray[np.float32]
"""Mostly whole numbers; as floats BLAS multiplies them."""

MIN_OVERLAP: Final = 0.5
_CHUNK: Final = 1 << 18  # how many numbers a bootstrap takes up at once, so that they stay in a cache


def match(found: Detections, picture: Annotated) -> Outcomes:
    """Which detections in a picture are right.

    As the devkit has it: each detection, best first, goes to the object of its class that it overlaps most, and is
    right if that is by at least `MIN_OVERLAP` and no better detection took it; if the object is difficult it does not
    count.
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


class Ranking:
    """All detections of one class, of which average precision is taken under any weightings of the images.

    `scores`, `right` and `images` (D,) are of each detection its confidence, whether it is right, and its image
    it is; `positives` (I,) how many objects each image has. Weights (B, I) say how often each image counts: all ones
    for the set itself, the counts of a draw for a bootstrap's. Figures (B,) are 0..1, NaN where nothing was to be
    found.
    """

    def __init__(
        self, scores: Figures, right: NDArray[np.bool_], images: NDArray[np.intp], positives: NDArray[np.intp]
    ) -> None:
        order = np.argsort(-scores, kind="stable")
        images = images[order]
        # Precision peaks where a detection is right, so its curve need be known nowhere else.
        hits = np.flatnonzero(right[order])
        come = np.zeros((len(positives), len(hits) + 1), np.float32)
        np.add.at(come, (images, np.searchsorted(hits, np.arange(len(images)))), 1)
        self._come = come[:, :-1].cumsum(axis=1)  # detections of each image until each that is right
        self._images, self._positives = images[hits], positives.astype(np.float32)

    def area_under_curve(self, weights: Weights) -> Figures:
        """The area under the curve of precision over recall, made monotone: VOC's since 2010."""
        areas = [(precision * counts).sum(axis=1) / wanted for precision, counts, wanted in self._curves(weights)]
        return np.concatenate(areas)

    def eleven_point(self, weights: Weights) -> Figures:
        """The mean of that precision at recall 0, 0.1, ..., 1: VOC2007's."""
        means = []
        for precision, counts, wanted in self._curves(weights):
            found = counts.cumsum(axis=1)
            # In whole numbers: 3 of 10 reach a recall of 0.3, whatever 0.1 + 0.1 + 0.1 is.
            reached = [_first(precision, 10 * found >= tenth * wanted[:, None]) for tenth in range(11)]
            means.append(np.where(wanted > 0, np.mean(reached, axis=0), np.nan))
        return np.concatenate(means)

    def _curves(self, weights: Weights) -> Iterator[tuple[Figures, Weights, Weights]]:
        """Precision and how often it counts at each right detection, best first, and how many objects are wanted.

        The last is NaN where there are none. A chunk of the weightings at a time.
        """
        rows = max(1, _CHUNK // max(1, len(self._images)))
        for start in range(0, len(weights), rows):
            chunk = weights[start : start + rows]
            total, counts, wanted = chunk @ self._come, chunk[:, self._images], chunk @ self._positives
            found = counts.cumsum(axis=1)
            precision = np.divide(found, total, out=np.zeros(total.shape), where=total > 0, dtype=np.float64)
            monotone = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            yield monotone, counts, np.where(wanted > 0, wanted, np.nan)


def _first(values: Figures, chosen: NDArray[np.bool_]) -> Figures:
    """The first chosen value of each row, 0 where none is."""
    if not values.shape[1]:
        return np.zeros(len(values))
    first = np.take_along_axis(values, chosen.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(chosen.any(axis=1), first, 0.0)


def bootstrap_weights(images: int, resamples: int, seed: int = 0) -> Weights:
    """(2 + resamples, images): the set itself, the mean of the draws, and how often each image is in each draw.

    Images are drawn with replacement.
    """
    weights = np.ones((2 + resamples, images), np.float32)
    if resamples:
        weights[2:] = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
        weights[1] = weights[2:].mean(axis=0)
    return weights
