"""JPEG deblocking by SA-DCT: the noise level from the file, hard thresholds, then empirical Wiener weights."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.image.jpeg import Table
from artifix.restoration.sa_dct.compiled import compiled
from artifix.restoration.sa_dct.neighbourhood import DIRECTIONS, SCALES, adaptive_scales, octagon
from artifix.restoration.sa_dct.transform import dct_bases, forward, inverse

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Integers = NDArray[np.int64]
Scales = NDArray[np.uint8]

# How far an octagon reaches in a direction, for each of `SCALES`, in the two stages.
_REACHES: Final = np.array(SCALES) - 1
_WIENER_REACHES: Final = np.array((1, 2, 3, 5, 6, 6)) - 1
_BASES: Final = dct_bases(2 * max(SCALES) - 1)

_THRESHOLD: Final = 0.77
# A pixel that lies in this many octagons already needs none of its own.
_OVERLAP: Final = 70


def deblock(image: Pixels, tables: Sequence[Table]) -> Pixels:
    """The image without its JPEG artifacts; uint8, grey (H, W) or RGB (H, W, 3), gives the same shape.

    `tables` are the quantisation tables (`artifix.image.jpeg`) of the grey plane or of Y, Cb and Cr.
    """
    planes = deblock_planes(image[..., None] if image.ndim == 2 else rgb_to_ycbcr(image), tables)
    rgb = planes[..., 0] if image.ndim == 2 else ycbcr_to_rgb(planes)
    return np.rint(rgb).clip(0, 255).astype(np.uint8)


def deblock_planes(planes: NDArray[np.uint8 | np.float32], tables: Sequence[Table]) -> Plane:
    """A grey plane (H, W, 1), or Y, Cb and Cr (H, W, 3), in 0..255 -> the same without artifacts, float32, not clipped.

    The chroma is filtered in the luma's octagons.
    """
    noisy = np.ascontiguousarray(planes.transpose(2, 0, 1), dtype=np.float32) / np.float32(255)
    scales = adaptive_scales(noisy[0], noise_level(tables[0]))
    restored = [_denoise(plane, scales, noise_level(table)) for plane, table in zip(noisy, tables, strict=True)]
    return np.stack(restored, axis=-1) * np.float32(255)


def noise_level(table: Sequence[int]) -> float:
    """The standard deviation, in 0..1, that a quantisation table's artifacts are taken for.

    0.69 q^1.3 is the variance in squared grey levels, q the mean of the nine lowest frequencies' steps.
    At most 0.12, as a baseline JPEG's steps end at 255.
    """
    steps = np.reshape(table, (8, 8))[:3, :3]
    return float(np.sqrt(0.69 * steps.mean() ** 1.3) / 255)


def _denoise(noisy: Plane, scales: Scales, sigma: float) -> Plane:
    pilot = _hard_threshold(noisy, scales, _REACHES, DIRECTIONS, _BASES, sigma)
    return _wiener(noisy, pilot, scales, _WIENER_REACHES, DIRECTIONS, _BASES, sigma)


@compiled
def _hard_threshold(
    noisy: Plane, scales: Scales, reaches: Integers, directions: Integers, bases: Plane, sigma: float
) -> Plane:
    """The first estimate: of every octagon, the coefficients above a threshold that grows with its size."""
    height, width = noisy.shape
    totals = np.zeros((3, height, width), np.float32)
    for y in range(height):
        for x in range(width):
            if totals[2, y, x] >= _OVERLAP:
                continue
            pixels, columns = _pixels(y, x, octagon(reaches[scales[y, x]], directions))
            values, mean = _centred(noisy, pixels)
            coefficients, rows = forward(values, columns, bases)
            threshold = _THRESHOLD * math.sqrt(2 * math.log(len(pixels)) + 1) * sigma
            kept = 0
            for row in range(len(rows)):
                for k in range(rows[row]):
                    if abs(coefficients[row, k]) > threshold:
                        kept += 1
                    else:
                        coefficients[row, k] = 0
            estimate = inverse(coefficients, rows, columns, bases)
            _add(totals, pixels, estimate, mean, 1 / ((1 + kept) * len(pixels)))
    return totals[0] / totals[1]


@compiled
def _wiener(
    noisy: Plane, pilot: Plane, scales: Scales, reaches: Integers, directions: Integers, bases: Plane, sigma: float
) -> Plane:
    """The second estimate: each coefficient times its empirical Wiener weight, by the first estimate's energy there."""
    height, width = noisy.shape
    totals = np.zeros((3, height, width), np.float32)
    for y in range(height):
        for x in range(width):
            if totals[2, y, x] >= _OVERLAP:
                continue
            pixels, columns = _pixels(y, x, octagon(reaches[scales[y, x]], directions))
            values, mean = _centred(noisy, pixels)
            coefficients, rows = forward(values, columns, bases)
            expected, _ = forward(_centred(pilot, pixels)[0], columns, bases)
            energy = 0.0
            for row in range(len(rows)):
                for k in range(rows[row]):
                    power = expected[row, k] ** 2
                    weight = power / (power + sigma**2)
                    coefficients[row, k] *= weight
                    energy += weight**2
            estimate = inverse(coefficients, rows, columns, bases)
            _add(totals, pixels, estimate, mean, 1 / ((1 + energy) * len(pixels)))
    return totals[0] / totals[1]


@compiled
def _pixels(y: int, x: int, inside: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """A shape around a pixel: the (row, column) of its pixels, (N, 2), by column, and how many each column has."""
    middle = len(inside) // 2
    pixels = np.empty((inside.size, 2), np.int64)
    columns = np.zeros(len(inside), np.int64)
    found = 0
    used = 0
    for right in range(len(inside)):
        for down in range(len(inside)):
            if inside[right, down]:
                pixels[found, 0] = y + down - middle
                pixels[found, 1] = x + right - middle
                found += 1
                columns[used] += 1
        if columns[used] > 0:
            used += 1
    return pixels[:found], columns[:used]


@compiled
def _centred(plane: Plane, pixels: Integers) -> tuple[Plane, float]:
    """A shape's values with their mean taken out, and that mean (Kauff and Schuur's separation of the DC)."""
    values = np.empty(len(pixels), np.float32)
    for i in range(len(pixels)):
        values[i] = plane[pixels[i, 0], pixels[i, 1]]
    mean = values.mean()
    return values - mean, mean


@compiled
def _add(totals: Plane, pixels: Integers, estimate: Plane, mean: float, weight: float) -> None:
    """Count a shape's estimate in `totals`, (3, H, W): weighted sums, weights, and how many estimates there are."""
    for i in range(len(pixels)):
        y, x = pixels[i, 0], pixels[i, 1]
        totals[0, y, x] += weight * (estimate[i] + mean)
        totals[1, y, x] += weight
        totals[2, y, x] += 1
