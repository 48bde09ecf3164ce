import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageFilter
from skimage import data

from artifix.codecs import degrade
from artifix.color import luma
from artifix.evaluate.further.mosquito import mosquito
from artifix.evaluate.further.texture import texture

FIGURES = (texture, mosquito)


@pytest.fixture(scope="module")
def plane():
    """The luma of a photograph with fur, edges and a smooth background."""
    return luma(data.chelsea())


@pytest.fixture
def step():
    """Flat 80 beside flat 160, the edge between columns 63 and 64."""
    image = np.full((128, 128), 80, np.uint8)
    image[:, 64:] = 160
    return image


def with_noise(image, rows, columns, size=4):
    noise = np.random.default_rng(0).choice([-size, size], image.shape)
    noisy = image.astype(int)
    noisy[rows, columns] += noise[rows, columns]
    return noisy.clip(0, 255).astype(np.uint8)


def blurred(image, radius):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


planes = arrays.arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40)))


@settings(max_examples=40, deadline=None)
@given(planes)
def test_a_picture_against_itself(image):
    assert texture(image, image) == 1
    assert mosquito(image, image) == 0


@settings(max_examples=40, deadline=None)
@given(planes, st.integers(0, 2**32 - 1))
def test_neither_is_ever_negative(image, seed):
    other = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    assert texture(other, image) >= 0
    assert mosquito(other, image) >= 0


def test_blur_lies_below_1_the_lower_the_more_of_it(plane):
    figures = [texture(blurred(plane, radius), plane) for radius in (0.5, 1, 2, 4)]
    assert 1 > figures[0] > figures[1] > figures[2] > figures[3] >= 0


def test_noise_lies_above_1_the_higher_the_more_of_it(plane):
    figures = [texture(with_noise(plane, slice(None), slice(None), size), plane) for size in (2, 4, 8)]
    assert 1 < figures[0] < figures[1] < figures[2]


def test_texture_is_the_energy_of_the_high_band(plane):
    """By the textbook's double sum over one block."""
    target = plane[40:48, 60:68]
    restored = blurred(plane, 1)[40:48, 60:68]

    def energy(block):
        total, n = 0.0, np.arange(8)
        for u in range(8):
            for v in range(8):
                if u + v >= 6:
                    waves = np.outer(np.cos((2 * n + 1) * u * np.pi / 16), np.cos((2 * n + 1) * v * np.pi / 16))
                    scale = (1 if u else 0.5**0.5) * (1 if v else 0.5**0.5) / 4
                    total += (scale * (waves * block).sum()) ** 2
        return total

    assert texture(restored, target) == pytest.approx(energy(restored) / energy(target), rel=1e-3)


def test_neither_light_nor_slopes_nor_jumps_between_blocks_are_texture(plane):
    target = plane[:64, :64] // 2 + 40
    assert texture(target + np.uint8(30), target) == pytest.approx(1, abs=1e-4)
    blocks = np.kron(np.random.default_rng(0).integers(0, 40, (8, 8)), np.ones((8, 8), int)).astype(np.uint8)
    assert texture(target + blocks, target) == pytest.approx(1, abs=1e-4)


def test_a_jpeg_loses_its_texture_with_its_quality(plane):
    figures = [texture(degrade(plane, quality=quality), plane) for quality in (10, 20, 40, 90)]
    assert 0 < figures[0] < figures[1] < figures[2] < figures[3] < 1.1


def test_a_target_without_texture():
    flat = np.full((16, 16), 90, np.uint8)
    assert texture(flat + np.uint8(3), flat) == 1
    assert texture(with_noise(flat, slice(None), slice(None)), flat) == float("inf")


def test_noise_by_an_edge_counts_and_noise_far_from_it_does_not(step):
    near = with_noise(step, slice(None), slice(58, 62))
    far = with_noise(step, slice(None), slice(20, 40))
    assert mosquito(near, step) > 1
    assert mosquito(far, step) == 0


def test_it_is_the_mean_over_the_flat_pixels_within_8_of_the_edge(step):
    # Sobel's gradient is 40 at the columns 63 and 64 and 0 elsewhere, so 62 and 65 have an edge for a neighbour.
    zone = [*range(55, 62), *range(66, 73)]
    restored = step.copy()
    restored[:, 55] += 14
    restored[:, [54, 62, 63, 64, 65, 73]] += 50
    assert mosquito(restored, step) == pytest.approx(14**2 / len(zone))


def test_texture_by_an_edge_is_not_flat(step):
    target = with_noise(step, slice(None), slice(0, 63), 20)
    left = target.copy()
    left[:, 50:60] += 5
    assert mosquito(left, target) < 0.2 * mosquito(step_up(step), step)


def step_up(step):
    restored = step.copy()
    restored[:, 50:60] += 5
    return restored


def test_a_jpeg_rings_the_more_the_lower_its_quality(plane):
    figures = [mosquito(degrade(plane, quality=quality), plane) for quality in (10, 20, 40, 90)]
    assert figures[0] > figures[1] > figures[2] > figures[3] > 0


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.zeros((8, 8)), np.zeros((8, 8), np.uint8)),
        (np.zeros((8, 9), np.uint8), np.zeros((8, 8), np.uint8)),
        (np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 4), np.uint8)),
        (np.zeros((7, 8), np.uint8), np.zeros((7, 8), np.uint8)),
    ],
)
def test_other_arrays_are_refused(figure, first, second):
    with pytest.raises(ValueError, match="expected"):
        figure(first, second)


@pytest.mark.parametrize("figure", FIGURES)
def test_it_is_quick(figure, plane):
    image = np.tile(plane, (4, 4))[:1000, :1000]
    began = time.process_time()
    figure(image, image)
    assert time.process_time() - began < 1
