import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.restoration.restorer import Restorer
from artifix.restoration.tiling import plan, spans


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 9), st.sampled_from([1, 2, 4]), st.integers(1, 200_000))
def test_kept_parts_partition_the_picture_with_a_full_halo(height, width, radius, multiple, max_pixels):
    count = np.zeros((height, width), int)
    for rows, columns in plan(height, width, radius=radius, multiple=multiple, max_pixels=max_pixels):
        count[rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] += 1
        for span, length in ((rows, height), (columns, width)):
            assert span.start % multiple == 0
            assert (span.stop - span.start) % multiple == 0
            assert span.start == 0 or span.keep_start - span.start >= radius
            assert span.stop >= length or span.stop - span.keep_stop >= radius
    assert (count == 1).all()


@settings(deadline=None)
@given(st.integers(200, 3000), st.integers(200, 3000))
def test_a_tile_never_exceeds_what_was_allowed(height, width):
    limit = 300 * 300
    for rows, columns in plan(height, width, radius=64, multiple=2, max_pixels=limit):
        assert (rows.stop - rows.start) * (columns.stop - columns.start) <= limit


def test_a_picture_that_fits_is_one_tile():
    (tile,) = plan(100, 60, radius=64, multiple=2, max_pixels=6000)
    assert [(span.start, span.stop) for span in tile] == [(0, 100), (0, 60)]


def test_the_last_tile_is_moved_back_to_end_with_the_picture():
    assert [(s.start, s.stop, s.keep_start, s.keep_stop) for s in spans(100, 40, 4)] == [
        (0, 40, 0, 36),
        (32, 72, 36, 68),
        (60, 100, 68, 100),
    ]


@pytest.mark.parametrize("channels", [1, 3])
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(30, 1500), st.integers(0, 2**31))
def test_tiles_equal_the_whole_picture(make_model, channels, height, width, tile_pixels, seed):
    shape = (height, width) if channels == 1 else (height, width, 3)
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    restorer = Restorer(make_model(channels=channels, blocks=1), engine="openvino", precision="fp32")
    whole = restorer.restore_image(image)
    restorer.tile_pixels = tile_pixels
    tiled = restorer.restore_image(image)
    # Rounding to grey levels may go either way where sums are ordered differently.
    difference = np.abs(whole.astype(int) - tiled)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.01


@settings(max_examples=10, deadline=None)
@given(st.integers(20, 60), st.integers(20, 60), st.integers(0, 2**31))
def test_tiles_equal_the_whole_picture_to_float_rounding(make_model, height, width, seed):
    engine = Restorer(make_model(channels=1, blocks=1), engine="openvino", precision="fp32").engine
    height, width = 2 * height, 2 * width
    batch = np.random.default_rng(seed).uniform(-1, 1, (1, 1, height, width)).astype(np.float32)
    whole, joined = engine(batch).copy(), np.full_like(batch, np.nan)
    for rows, columns in plan(height, width, radius=engine.card.radius, multiple=2, max_pixels=height * width // 3):
        tile = engine(np.ascontiguousarray(batch[:, :, rows.start : rows.stop, columns.start : columns.stop]))
        joined[:, :, rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] = tile[
            :,
            :,
            rows.keep_start - rows.start : rows.keep_stop - rows.start,
            columns.keep_start - columns.start : columns.keep_stop - columns.start,
        ]
    np.testing.assert_allclose(joined, whole, atol=1e-5)
