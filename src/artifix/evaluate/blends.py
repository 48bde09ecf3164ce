"""Two ways between a faithful and a vivid model, as methods, to measure which is the better at one `detail`."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.methods import Method
from artifix.models.catalog import BLENDED, VIVID
from artifix.restoration import Restorer

Pixels = NDArray[np.uint8]


def load_blends(detail: float, faithful: str | Path = BLENDED, vivid: str | Path = VIVID) -> list[Method]:
    """The methods `detail D, weights`, one network in between, and `detail D, outputs`, what two networks make mixed.

    The second takes twice the time; its mean is rounded to uint8 once, at the end. ModelError as `Restorer`'s.
    """
    between = Restorer(faithful, detail=detail, vivid=vivid, precision="fp32")
    ends = Restorer(faithful, precision="fp32"), Restorer(vivid, precision="fp32")

    def by_weights(degraded: Pixels, file: bytes) -> Pixels:
        return between.restore_image(degraded).astype(np.uint8, copy=False)

    def by_outputs(degraded: Pixels, file: bytes) -> Pixels:
        fine = degraded.astype(np.uint16) * np.uint16(257)  # 16 bits in, 16 bits out
        first, second = (end.restore_image(fine) / 257 for end in ends)
        return np.rint((1 - detail) * first + detail * second).astype(np.uint8)

    both = hashlib.sha256((ends[0].load().fingerprint + ends[1].load().fingerprint).encode()).hexdigest()[:16]
    blended = between.load().fingerprint
    name = f"detail {detail:g}"
    return [Method(f"{name}, weights", by_weights, blended), Method(f"{name}, outputs", by_outputs, both)]
