import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity

from artifix.codecs import degrade
from artifix.color import luma
from artifix.evaluate.metrics import psnr, psnr_b, ssim, ssim_gaussian
from artifix.inspection.blocking import bef

METRICS = [psnr, psnr_b, ssim, ssim_gaussian]
SIDES = st.integers(11, 24)
PAIRS = st.tuples(SIDES, SIDES).flatmap(lambda shape: st.tuples(*[arrays(np.uint8, shape)] * 2))


@pytest.fixture(scope="module")
def grey(photograph):
    return luma(photograph)


def literal_bef(image):
    """Yim and Bovik's definition, pair by pair, counting rows and columns from 1 as they do."""
    h, w = image.shape
    value = {(i, j): float(image[i - 1, j - 1]) for i in range(1, h + 1) for j in range(1, w + 1)}
    border, other = 0.0, 0.0
    for i in range(1, h + 1):
        for j in range(1, w + 1):
            for below, right, first in ((i, j + 1, j), (i + 1, j, i)):
                if (below, right) in value:
                    square = (value[i, j] - value[below, right]) ** 2
                    if first % 8 == 0:
                        border += square
                    else:
                        other += square
    pairs = h * (w / 8 - 1) + w * (h / 8 - 1)
    d_b, d_bc = border / pairs, other / (h * (w - 1) + w * (h - 1) - pairs)
    return math.log2(8) / math.log2(min(h, w)) * (d_b - d_bc) if d_b > d_bc else 0.0


def literal_ssim_8x8(x, y):
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for i in range(x.shape[0] - 7):
        for j in range(x.shape[1] - 7):
            a, b = x[i : i + 8, j : j + 8].astype(float), y[i : i + 8, j : j + 8].astype(float)
            covariance = ((a - a.mean()) * (b - b.mean())).mean()
            numerator = (2 * a.mean() * b.mean() + c1) * (2 * covariance + c2)
            values.append(numerator / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (a.var() + b.var() + c2)))
    return np.mean(values)


def test_equal_images(photograph, grey):
    for image in (photograph, grey):
        assert psnr(image, image) == math.inf
        assert ssim(image, image) == pytest.approx(1, abs=1e-12)
        assert ssim_gaussian(image, image) == pytest.approx(1, abs=1e-12)
    smooth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    assert psnr_b(smooth, smooth) == math.inf


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_bounds_and_symmetry(pair):
    x, y = pair
    assert psnr(x, y) == psnr(y, x) >= 0
    assert psnr_b(x, y) <= psnr(x, y)
    for metric in (ssim, ssim_gaussian):
        assert metric(x, y) == pytest.approx(metric(y, x), abs=1e-12)
        assert -1 <= metric(x, y) <= 1 + 1e-12


def test_psnr_of_a_known_error():
    target = np.full((16, 16), 100, np.uint8)
    assert psnr(target + np.uint8(5), target) == pytest.approx(10 * math.log10(255**2 / 25))


def test_black_and_white_are_as_far_apart_as_can_be():
    black, white = np.zeros((32, 32), np.uint8), np.full((32, 32), 255, np.uint8)
    assert psnr(black, white) == 0
    assert ssim(black, white) == pytest.approx((0.01 * 255) ** 2 / (255**2 + (0.01 * 255) ** 2))


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_psnr_b_agrees_with_a_literal_transcription(pair):
    x, y = pair
    assert bef(x) == pytest.approx(literal_bef(x), rel=1e-9, abs=1e-9)
    mse = ((x.astype(float) - y) ** 2).mean()
    if mse + literal_bef(x) > 0:
        assert psnr_b(x, y) == pytest.approx(10 * math.log10(255**2 / (mse + literal_bef(x))))


def test_blocks_on_the_grid_count_and_others_do_not():
    blocks = np.kron(np.random.default_rng(0).integers(0, 256, (6, 6)), np.ones((8, 8))).astype(np.uint8)
    assert bef(blocks) > 1000
    assert bef(np.roll(blocks, 4, axis=(0, 1))) == 0
    assert bef(blocks[:8, :8]) == 0


def test_ssim_agrees_with_a_literal_transcription(grey):
    x, y = degrade(grey, quality=10)[:29, :37], grey[:29, :37]
    assert ssim(x, y) == pytest.approx(literal_ssim_8x8(x, y), abs=1e-12)


def test_ssim_gaussian_agrees_with_scikit_image(grey):
    degraded = degrade(grey, quality=10)
    _, similarity = structural_similarity(
        degraded, grey, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    assert ssim_gaussian(degraded, grey) == pytest.approx(similarity[5:-5, 5:-5].mean(), abs=1e-9)


def test_colour_is_the_mean_over_channels_except_for_psnr(photograph):
    degraded = degrade(photograph, quality=10)
    for metric in (psnr_b, ssim, ssim_gaussian):
        channels = [metric(degraded[..., c].copy(), photograph[..., c].copy()) for c in range(3)]
        assert metric(degraded, photograph) == pytest.approx(np.mean(channels))
    mse = ((degraded.astype(float) - photograph) ** 2).mean()
    assert psnr(degraded, photograph) == pytest.approx(10 * math.log10(255**2 / mse))


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_rises_with_the_quality(metric, grey):
    figures = [metric(degrade(grey, quality=quality), grey) for quality in (5, 20, 60, 95)]
    assert figures == sorted(figures)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((16, 16)), np.zeros((16, 16), np.uint8)),
        (np.zeros((16, 16), np.uint8), np.zeros((16, 17), np.uint8)),
        (np.zeros((7, 64), np.uint8), np.zeros((7, 64), np.uint8)),
        (np.zeros((16, 16, 4), np.uint8), np.zeros((16, 16, 4), np.uint8)),
    ],
    ids=["float", "shapes", "small", "alpha"],
)
def test_what_is_no_pair_of_images_is_refused(metric, x, y):
    with pytest.raises(ValueError, match="expected"):
        metric(x, y)
