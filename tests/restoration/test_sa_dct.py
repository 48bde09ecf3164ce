import numpy as np
import pytest
from skimage import data

from artifix.codecs import decode, encode
from artifix.evaluate.metrics import psnr
from artifix.image.jpeg import tables_of

pytest.importorskip("numba")

from artifix.restoration.sa_dct import deblock, noise_level
from artifix.restoration.sa_dct.neighbourhood import DIRECTIONS, SCALES, adaptive_scales, lpa_kernels, octagon
from artifix.restoration.sa_dct.transform import dct_bases, forward, inverse

BASES = dct_bases(17)


@pytest.fixture(scope="module")
def picture():
    """A grey photograph of 96x96: a part of scikit-image's cameraman."""
    return np.ascontiguousarray(data.camera()[100:196, 180:276])


def table(quality):
    return tables_of(encode(np.zeros((8, 8), np.uint8), quality=quality))[0]


def random_shape(seed):
    """How many pixels each column of an octagon with random reaches has."""
    reaches = np.random.default_rng(seed).choice(np.array(SCALES) - 1, 8)
    counts = octagon(reaches, DIRECTIONS).sum(axis=1)
    return counts[counts > 0]


@pytest.mark.parametrize("seed", range(8))
def test_the_transform_keeps_energy_and_is_undone_by_its_inverse(seed):
    columns = random_shape(seed)
    values = np.random.default_rng(seed).normal(size=columns.sum()).astype(np.float32)
    coefficients, rows = forward(values, columns, BASES)
    assert rows.sum() == columns.sum()
    assert np.count_nonzero(coefficients) <= len(values)
    assert np.sum(coefficients**2, dtype=float) == pytest.approx(np.sum(values**2, dtype=float), rel=1e-5)
    np.testing.assert_allclose(inverse(coefficients, rows, columns, BASES), values, atol=1e-5)


def test_on_a_rectangle_the_transform_is_the_plain_dct():
    scipy_fft = pytest.importorskip("scipy.fft")
    block = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    coefficients, rows = forward(block.T.ravel(), np.full(7, 5), BASES)
    assert rows.tolist() == [7] * 5
    np.testing.assert_allclose(coefficients, scipy_fft.dctn(block, norm="ortho"), atol=1e-5)


def test_the_octagon_of_equal_reaches_is_whole_and_symmetric():
    inside = octagon(np.array([8] * 8), DIRECTIONS)
    assert inside.shape == (17, 17)
    assert inside.all()  # a diagonal step reaches as far as a straight one in rows and in columns
    inside = octagon(np.array([4, 2] * 4), DIRECTIONS)
    expected = [abs(x) + abs(y) <= 4 for x in range(-4, 5) for y in range(-4, 5)]
    np.testing.assert_array_equal(inside.ravel(), expected)


def test_an_octagon_may_be_a_single_pixel_or_a_line():
    np.testing.assert_array_equal(octagon(np.array([0] * 8), DIRECTIONS), [[True]])
    line = octagon(np.array([4, 0, 0, 0, 2, 0, 0, 0]), DIRECTIONS)
    assert line.sum() == 7
    assert line[2:, 4].all()


def test_the_kernels_fit_a_constant():
    np.testing.assert_allclose(lpa_kernels().sum(axis=1), 1, atol=1e-6)


def test_in_a_flat_area_every_direction_reaches_as_far_as_the_picture():
    scales = adaptive_scales(np.full((32, 32), 0.5, np.float32), 0.05)
    assert (scales[8:-8, 8:-8] == len(SCALES) - 1).all()
    assert scales[0, 0].tolist() == [5, 0, 0, 0, 0, 0, 5, 5]
    assert scales[3, 16, 2] == SCALES.index(3)  # upwards there are 4 pixels, its own among them


def test_an_edge_stops_the_octagon():
    plane = np.full((32, 32), 0.2, np.float32)
    plane[:, 16:] = 0.8
    scales = adaptive_scales(plane, 0.05)
    for column, distance in ((15, 1), (13, 3), (16, 9)):
        reach = SCALES[scales[16, column, 0]]  # to the right
        assert reach <= distance
        assert reach == max(scale for scale in SCALES if scale <= distance)
    assert SCALES[scales[16, 15, 2]] == 9  # along the edge
    assert SCALES[scales[16, 16, 4]] == 1  # to the left


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_constant_picture_is_unchanged(level):
    image = np.full((24, 40), level, np.uint8)
    np.testing.assert_array_equal(deblock(image, [table(10)]), image)


@pytest.mark.parametrize(("quality", "gain"), [(10, 0.5), (40, 0.3)])
def test_a_photograph_gains(picture, quality, gain):
    file = encode(picture, quality=quality)
    degraded = decode(file)
    restored = deblock(degraded, tables_of(file))
    assert restored.dtype == np.uint8
    assert psnr(restored, picture) > psnr(degraded, picture) + gain


def test_a_colour_photograph_gains(photograph):
    file = encode(photograph, quality=10)
    degraded = decode(file)
    tables = tables_of(file)
    assert len(tables) == 3
    restored = deblock(degraded, tables)
    assert psnr(restored, photograph) > psnr(degraded, photograph) + 0.5


def test_the_noise_level_is_that_of_the_nine_lowest_steps():
    # Quality 50 has ITU-T T.81's own table; its nine lowest steps sum to 118.
    assert noise_level(table(50)) == pytest.approx((0.69 * (118 / 9) ** 1.3) ** 0.5 / 255)
    assert noise_level(list(range(64))) == pytest.approx((0.69 * 9**1.3) ** 0.5 / 255)
    assert noise_level(table(10)) > noise_level(table(20)) > noise_level(table(90))
