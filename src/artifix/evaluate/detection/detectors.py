"""What a detector is: a callable from an image to the boxes that it sees, of VOC's classes."""

from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.detection.voc import CLASSES

Pixels = NDArray[np.uint8]

# COCO's names for VOC's classes, and the spellings of both that are about.
_ALIASES: Final = {
    "airplane": "aeroplane",
    "motorcycle": "motorbike",
    "couch": "sofa",
    "potted plant": "pottedplant",
    "dining table": "diningtable",
    "tv": "tvmonitor",
}
MIN_SCORE: Final = 0.001
MAX_DETECTIONS: Final = 100  # of a picture, as COCO and the detectors' own code have it


class Detections(NamedTuple):
    """What a detector sees in an image."""

    boxes: NDArray[np.float64]
    """(N, 4) edges x1, y1, x2, y2 in pixels."""
    labels: NDArray[np.intp]
    """(N,) places in VOC's `CLASSES`."""
    scores: NDArray[np.float64]
    """(N,) confidence, 0..1."""


class Detector(Protocol):
    """A callable, from any number of threads at once."""

    name: str
    fingerprint: str
    """What distinguishes two states of one detector."""

    def __call__(self, image: Pixels, /) -> Detections:
        """What it finds in an (H, W, 3) RGB uint8 image."""
        ...


def voc_labels(classes: tuple[str, ...]) -> NDArray[np.intp]:
    """For each of a detector's own classes its place in VOC's, -1 where VOC has none."""
    names = [_ALIASES.get(name, name) for name in classes]
    return np.array([CLASSES.index(name) if name in CLASSES else -1 for name in names], np.intp)


def strongest(found: Detections) -> Detections:
    """The detections that are kept: of VOC's classes, at most `MAX_DETECTIONS`, none below `MIN_SCORE`, best first."""
    kept = np.flatnonzero((found.labels >= 0) & (found.scores >= MIN_SCORE))
    kept = kept[np.argsort(-found.scores[kept], kind="stable")][:MAX_DETECTIONS]
    return Detections(found.boxes[kept], found.labels[kept], found.scores[kept])
