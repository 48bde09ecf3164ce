import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifix.restoration.transparency import fill_hidden


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([(), (3,)]), st.sampled_from([np.uint8, np.uint16]))
def test_visible_pixels_stay_and_hidden_ones_come_from_them(height, width, channels, kind):
    rng = np.random.default_rng(height * 41 + width)
    pixels = rng.integers(0, np.iinfo(kind).max, (height, width, *channels), kind)
    visible = rng.random((height, width)) < 0.2
    before = pixels.copy()
    filled = fill_hidden(pixels, visible)
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(filled[visible], pixels[visible])
    assert filled.dtype == kind
    if visible.any():
        seen = pixels[visible]
        assert (filled >= seen.min(axis=0)).all()
        assert (filled <= seen.max(axis=0)).all()


def test_one_visible_pixel_fills_all():
    pixels = np.random.default_rng(0).integers(0, 255, (33, 47, 3), np.uint8)
    visible = np.zeros((33, 47), bool)
    visible[20, 9] = True
    assert (fill_hidden(pixels, visible) == pixels[20, 9]).all()


def test_bands_make_no_difference(monkeypatch):
    rng = np.random.default_rng(1)
    pixels, visible = rng.integers(0, 255, (61, 53, 3), np.uint8), rng.random((61, 53)) < 0.05
    whole = fill_hidden(pixels, visible)
    monkeypatch.setattr("artifix.image.picture._BAND_PIXELS", 150)
    np.testing.assert_array_equal(fill_hidden(pixels, visible), whole)


@pytest.mark.parametrize("clear", [1, 3_000_000])
def test_memory_is_a_few_bytes_a_pixel(clear):
    """Of 3 megapixels: a copy of 3 bytes a pixel, 3 a pixel of the quarter as float32, and a third more below."""
    pixels = np.zeros((1500, 2000, 3), np.uint8)
    visible = np.ones((1500, 2000), bool)
    visible.reshape(-1)[: clear - 1] = False
    visible[-1, -1] = False
    tracemalloc.start()
    fill_hidden(pixels, visible)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    bands = 70 * 2**20  # a megapixel at a time, in float32
    assert peak < 9 * 3_000_000 + bands
