"""SSIMULACRA 2: at most 100, higher is better, made for compression (Sneyers 2023; the PyPI package of that name)."""

import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.evaluate.metric import Compare, Metric

Pixels = NDArray[np.uint8]


def load(vgg: Path | None) -> Compare:
    """The metric as a function; ImportError if its package is not installed."""
    from ssimulacra2 import compute_ssimulacra2

    def metric(restored: Pixels, target: Pixels) -> float:
        return float(compute_ssimulacra2(_file(target), _file(restored)))

    return metric


def _file(image: Pixels) -> io.BytesIO:
    """The image as a file, which is all the package takes; BMP is the quickest lossless one."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "BMP")
    return file


METRIC: Final = Metric("ssimulacra2", "SSIMULACRA 2", 1, "higher", load)
