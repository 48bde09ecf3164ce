"""Boxes (N, 4), edges x1, y1, x2, y2: how far two overlap, and which of many are one and the same."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]


def overlap(box: NDArray[np.float64], boxes: Boxes) -> NDArray[np.float64]:
    """Intersection over union, 0..1, (N,), of one box (4,) with each of many."""
    x1, y1 = np.maximum(box[0], boxes[:, 0]), np.maximum(box[1], boxes[:, 1])
    x2, y2 = np.minimum(box[2], boxes[:, 2]), np.minimum(box[3], boxes[:, 3])
    shared = np.maximum(x2 - x1, 0.0) * np.maximum(y2 - y1, 0.0)
    union = area(box[None]) + area(boxes) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def area(boxes: Boxes) -> NDArray[np.float64]:
    """The areas, (N,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def suppress(boxes: Boxes, scores: NDArray[np.float64], labels: NDArray[np.intp], threshold: float) -> NDArray[np.intp]:
    """Non-maximum suppression: the places of the boxes to keep, best score first.

    A box goes where one of the same label with a better score overlaps it by more than the threshold.
    """
    kept = []
    places = np.argsort(-scores, kind="stable")
    while places.size:
        best, places = places[0], places[1:]
        kept.append(best)
        same = (labels[places] == labels[best]) & (overlap(boxes[best], boxes[places]) > threshold)
        places = places[~same]
    return np.array(kept, np.intp)
