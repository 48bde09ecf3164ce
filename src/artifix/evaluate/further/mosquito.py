"""Mosquito noise, the noise around edges, in the luma of a picture."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from artifix.evaluate.metric import Metric
from artifix.evaluate.planes import luma_planes

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

EDGE: Final = 16.0  # grey levels a pixel, gradient of the target at an edge at least: a step of 32
FLAT: Final = 4.0  # grey levels a pixel, and at most on a flat pixel and its eight neighbours
REACH: Final = 8  # pixels, along both axes, in which an edge of a JPEG block rings


def mosquito(restored: Pixels, target: Pixels) -> float:
    """Mean squared error, in squared grey levels, in the flat pixels within 8 of an edge (Galteri et al. 2017, Fig. 4).

    By the target's gradient (Sobel's, in grey levels a pixel) an edge has 16 or more, and a flat pixel, as its eight
    neighbours, 4 or less: about a tenth of a photograph. 0 is the target itself, and a picture without such pixels.
    """
    restored, target = luma_planes(restored, target)
    gradient = _gradient(target)
    near = _within(gradient >= EDGE, REACH) & ~_within(gradient > FLAT, 1)
    error = (restored.astype(np.float32) - target)[near]
    return float(np.mean(error * error)) if error.size else 0.0


def _gradient(plane: Pixels) -> Plane:
    """Sobel's gradient, (H, W), grey levels a pixel; the border's pixels are repeated."""
    levels = np.pad(plane.astype(np.float32), 1, mode="edge")
    rows = levels[:-2] + 2 * levels[1:-1] + levels[2:]  # smoothed along y, ready for the difference along x
    columns = levels[:, :-2] + 2 * levels[:, 1:-1] + levels[:, 2:]
    gradient: Plane = np.hypot(rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2])
    return gradient / np.float32(8)


def _within(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Where the mask is set at most `reach` pixels away along both axes."""
    for axis in (0, 1):
        padding = [(reach, reach) if each == axis else (0, 0) for each in (0, 1)]
        mask = np.any(sliding_window_view(np.pad(mask, padding), 2 * reach + 1, axis), axis=-1)
    return mask


METRIC: Final = Metric("mosquito", "Mosquito noise", 1, "lower", lambda vgg: mosquito)
