"""Full-reference image quality: PSNR, PSNR-B and SSIM as the paper's Table 1 takes them.

Each is a function of two uint8 images of one shape, grey (H, W) or RGB (H, W, 3), over the whole image. In colour they
are what SwinIR reports: PSNR over all channels at once, PSNR-B and SSIM the mean of the three channels' values. FBCNN
takes PSNR and SSIM likewise, but in PSNR-B the blocking of the luma alone: 0.44 dB more for JPEG at 10 on LIVE1.
ValueError for other types or shapes, or a side shorter than the metric's window.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.inspection.blocking import BLOCK, bef

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]

PEAK: Final = 255.0
_C1: Final = (0.01 * PEAK) ** 2
_C2: Final = (0.03 * PEAK) ** 2


def psnr(restored: Pixels, target: Pixels) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255^2 / MSE); infinite for equal images."""
    _check(restored, target)
    return _decibel(_mse(restored, target))


def psnr_b(restored: Pixels, target: Pixels) -> float:
    """PSNR in dB with blocking counted as error, 10 log10(255^2 / (MSE + BEF)) (Yim and Bovik, IEEE TIP 20(1), 2011).

    Not symmetric: the blocking effect factor is the restored image's. Never above `psnr`.
    """
    _check(restored, target)
    return _mean_over_channels(lambda x, y: _decibel(_mse(x, y) + bef(x)), restored, target)


def ssim(restored: Pixels, target: Pixels) -> float:
    """Mean structural similarity, -1..1, over every whole uniform 8x8 window: the SSIM of the paper's tables.

    Wang et al., IEEE TIP 13(4), 2004, eq. 13 and 17, with K1 = 0.01, K2 = 0.03 and L = 255.
    """
    _check(restored, target)
    return _mean_over_channels(lambda x, y: _ssim(x, y, _uniform_8), restored, target)


def ssim_gaussian(restored: Pixels, target: Pixels) -> float:
    """Mean structural similarity, -1..1, over every whole 11x11 Gaussian window of sigma 1.5: the later literature's.

    Wang et al. 2004, eq. 13 to 17. Agrees with scikit-image's `structural_similarity(gaussian_weights=True,
    use_sample_covariance=False)` away from the border.
    """
    _check(restored, target, side=_GAUSSIAN.size)
    return _mean_over_channels(lambda x, y: _ssim(x, y, _gaussian_11), restored, target)


def _check(restored: Pixels, target: Pixels, side: int = BLOCK) -> None:
    if restored.dtype != np.uint8 or target.dtype != np.uint8:
        raise ValueError(f"expected uint8 images, got {restored.dtype} and {target.dtype}")
    if restored.shape != target.shape:
        raise ValueError(f"expected images of one shape, got {restored.shape} and {target.shape}")
    if restored.shape[2:] not in ((), (3,)) or min(restored.shape[:2]) < side:
        raise ValueError(f"expected (H, W) or (H, W, 3) with sides of at least {side}, got {restored.shape}")


def _mean_over_channels(metric: Callable[[Pixels, Pixels], float], restored: Pixels, target: Pixels) -> float:
    if restored.ndim == 2:
        return metric(restored, target)
    channels = [np.ascontiguousarray(image.transpose(2, 0, 1)) for image in (restored, target)]
    return float(np.mean([metric(x, y) for x, y in zip(*channels, strict=True)]))


def _mse(x: Pixels, y: Pixels) -> float:
    return float(np.mean(_squared_difference(x, y)))


def _squared_difference(x: Pixels, y: Pixels) -> NDArray[np.int32]:
    difference = np.subtract(x, y, dtype=np.int32)
    return difference * difference


def _decibel(error: float) -> float:
    return float(10 * np.log10(PEAK**2 / error)) if error > 0 else float("inf")


def _ssim(x: Pixels, y: Pixels, window_mean: Callable[[NDArray[np.int32]], Plane]) -> float:
    """The mean of the SSIM map; products of pixels are exact in int32, and only the sum of the variances is needed."""
    a, b = x.astype(np.int32), y.astype(np.int32)
    mean_a, mean_b = window_mean(a), window_mean(b)
    product = mean_a * mean_b
    squares = mean_a * mean_a + mean_b * mean_b
    variances = window_mean(a * a + b * b) - squares
    covariance = window_mean(a * b) - product
    similarity = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
    return float(similarity.mean())


def _uniform_8(plane: NDArray[np.int32]) -> Plane:
    """(H, W) -> (H-7, W-7), the mean of each 8x8 window: sums of 2, then 4, then 8, exact in integers."""
    for step in (1, 2, 4):
        plane = plane[step:] + plane[:-step]
        plane = plane[:, step:] + plane[:, :-step]
    return plane / 64.0


def _gaussian_window(radius: int, sigma: float) -> Plane:
    window: Plane = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    return window / window.sum()


_GAUSSIAN: Final = _gaussian_window(5, 1.5)


def _gaussian_11(plane: NDArray[np.int32]) -> Plane:
    """(H, W) -> (H-10, W-10), the Gaussian mean of each 11x11 window, rows first, then columns."""
    h, w = plane.shape
    # The window is symmetric, so the two neighbours at each distance share one weight.
    rows = _GAUSSIAN[5] * plane[5 : h - 5]
    for k in range(5):
        rows += _GAUSSIAN[k] * (plane[k : h - 10 + k] + plane[10 - k : h - k])
    columns: Plane = _GAUSSIAN[5] * rows[:, 5 : w - 5]
    for k in range(5):
        columns += _GAUSSIAN[k] * (rows[:, k : w - 10 + k] + rows[:, 10 - k : w - k])
    return columns
