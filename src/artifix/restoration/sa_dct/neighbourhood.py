"""How far a picture stays alike around each pixel: LPA-ICI in eight directions, and the octagon it spans.

Katkovnik, Egiazarian and Astola, "Local Approximation Techniques in Signal and Image Processing", SPIE Press 2006.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.restoration.sa_dct.compiled import compiled

Plane = NDArray[np.float32]

# (row, column) steps to the eight neighbours, every 45 degrees.
DIRECTIONS: Final = np.array([(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)])
# The lengths in pixels of the kernels that lie along a direction, from the pixel itself outwards.
SCALES: Final = (1, 2, 3, 5, 7, 9)
# How much of each scale's kernel is a mean (order zero); the rest is a line's value at the pixel (order one).
_MEAN_SHARES: Final = (0.75, 0.70, 0.85, 0.90, 0.97, 1.00)


def lpa_kernels() -> Plane:
    """The local polynomial approximation of each scale at its first pixel, (scales, longest) float32, zero beyond it.

    For h pixels of equal weight the fits of order zero and one are 1/h and (4h - 2 - 6i) / (h (h + 1)).
    """
    kernels = np.zeros((len(SCALES), max(SCALES)), np.float32)
    for kernel, h, share in zip(kernels, SCALES, _MEAN_SHARES, strict=True):
        mean = np.full(h, 1 / h)
        line = (4 * h - 2 - 6 * np.arange(h)) / (h * (h + 1))
        kernel[:h] = share * mean + (1 - share) * line
    return kernels


def adaptive_scales(plane: Plane, sigma: float) -> NDArray[np.uint8]:
    """For each pixel of an (H, W) plane and each direction, which of `SCALES` suits it: (H, W, 8) indices.

    `sigma` is the noise's standard deviation; both are in the range 0..1.
    """
    kernels = lpa_kernels()
    width = max(0.8, 2.4 / np.log(1 + 60 * sigma))
    margins = width * sigma * np.sqrt(np.square(kernels, dtype=np.float64).sum(axis=1))
    return _intersect_confidence_intervals(plane, kernels, margins, np.array(SCALES), DIRECTIONS)


@compiled
def _intersect_confidence_intervals(
    plane: Plane, kernels: Plane, margins: NDArray[np.float64], scales: NDArray[np.int64], directions: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The ICI rule: the largest scale within the picture up to which all intervals estimate +- margin share a point."""
    height, width = plane.shape
    chosen = np.zeros((height, width, len(directions)), np.uint8)
    for y in range(height):
        for x in range(width):
            for direction in range(len(directions)):
                down, right = directions[direction, 0], directions[direction, 1]
                lower, upper = -np.inf, np.inf
                for scale in range(len(scales)):
                    reach = scales[scale] - 1
                    if not (0 <= y + reach * down < height and 0 <= x + reach * right < width):
                        break
                    estimate = 0.0
                    for i in range(reach + 1):
                        estimate += kernels[scale, i] * plane[y + i * down, x + i * right]
                    lower = max(lower, estimate - margins[scale])
                    upper = min(upper, estimate + margins[scale])
                    if lower > upper:
                        break
                    chosen[y, x, direction] = scale
    return chosen


@compiled
def octagon(reaches: NDArray[np.int64], directions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The pixels within the octagon whose corners lie `reaches` steps away in the eight directions: (S, S), by column.

    S is odd, and the octagon's own pixel is in the middle. Between neighbouring directions u and v, with reaches a and
    b, lies the triangle of all p u + q v with p / a + q / b <= 1:

        . . . . v
        . . . v #
        . . v # #
        . v # # # .
        x u u u u u
    """
    middle = reaches.max()
    inside = np.zeros((2 * middle + 1, 2 * middle + 1), np.bool_)
    for direction in range(8):
        following = (direction + 1) % 8
        a, b = reaches[direction], reaches[following]
        u, v = directions[direction], directions[following]
        for p in range(a + 1):
            for q in range((b * (a - p) // a if a > 0 else b) + 1):
                inside[middle + p * u[1] + q * v[1], middle + p * u[0] + q * v[0]] = True
    return inside
