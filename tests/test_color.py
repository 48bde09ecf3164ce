import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from artifix.color import from_batch, luma, rgb_to_ycbcr, to_batch, ycbcr_to_rgb

IMAGES = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8).map(lambda s: (*s, 3)))


@given(IMAGES)
def test_there_and_back_is_exact_to_a_thousandth(rgb):
    np.testing.assert_allclose(ycbcr_to_rgb(rgb_to_ycbcr(rgb)), rgb, atol=1e-3)


@given(IMAGES)
def test_it_is_pillows_conversion_before_rounding(rgb):
    pillow = np.asarray(Image.fromarray(rgb).convert("YCbCr"), dtype=float)
    assert np.abs(rgb_to_ycbcr(rgb).clip(0, 255) - pillow).max() <= 1.01


def test_grey_has_neutral_chroma():
    grey = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    ycbcr = rgb_to_ycbcr(grey)
    np.testing.assert_allclose(ycbcr[..., 0], grey[..., 0], atol=1e-3)
    np.testing.assert_allclose(ycbcr[..., 1:], 128, atol=1e-3)


@pytest.mark.parametrize(
    ("rgb", "expected"),
    # MATLAB: rgb2ycbcr(uint8(cat(3, r, g, b))), first plane.
    [((0, 0, 0), 16), ((255, 255, 255), 235), ((255, 0, 0), 81), ((0, 255, 0), 145), ((0, 0, 255), 41)],
)
def test_luma_is_matlabs(rgb, expected):
    assert luma(np.array([[rgb]], np.uint8))[0, 0] == expected


@given(st.integers(0, 255))
def test_luma_of_grey_is_luma_of_equal_channels(value):
    grey = np.full((2, 3), value, np.uint8)
    assert np.array_equal(luma(grey), luma(np.stack([grey] * 3, axis=-1)))


@given(IMAGES)
def test_batches_hold_the_planes_in_minus_one_to_one(image):
    batch = to_batch(image)
    assert batch.shape == (1, 3, *image.shape[:2])
    assert batch.dtype == np.float32
    assert np.abs(batch).max() <= 1
    np.testing.assert_allclose(from_batch(batch), image, atol=1e-3)
