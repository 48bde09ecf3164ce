import dataclasses
import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.image import Picture
from artifix.models.catalog import read_card
from artifix.restoration.memory import _BYTES_PER_MAP, DEFAULT_MEMORY
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
def test_tiles_equal_the_whole_picture(make_model, in_tiles, channels, height, width, tile_pixels, seed):
    shape = (height, width) if channels == 1 else (height, width, 3)
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    restorer = Restorer(make_model(channels=channels, blocks=1), engine="openvino", precision="fp32")
    whole = restorer.restore_image(image)
    tiled = in_tiles(restorer, tile_pixels).restore_image(image)
    # Rounding to grey levels may go either way where sums are ordered differently.
    difference = np.abs(whole.astype(int) - tiled)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.01


@settings(max_examples=10, deadline=None)
@given(st.integers(20, 60), st.integers(20, 60), st.integers(0, 2**31))
def test_tiles_equal_the_whole_picture_to_float_rounding(make_model, height, width, seed):
    engine = Restorer(make_model(channels=1, blocks=1), engine="openvino", precision="fp32").load()
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


@pytest.mark.parametrize(
    ("options", "trim"),
    [
        ({"blocks": 2}, 0),
        ({"blocks": 3}, 12),
        ({"blocks": 7, "channels": 1}, 24),
        ({"blocks": 6, "residual": False}, 24),
    ],
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_halo_is_cut_off_within_the_network_and_nothing_else(make_model, options, trim, precision):
    engine = Restorer(make_model(**options), engine="openvino", precision=precision).load()
    assert engine.trim == trim < engine.card.radius
    halo, channels = engine.card.radius, engine.card.channels
    batch = np.random.default_rng(1).uniform(-1, 1, (1, channels, 6 * halo, 4 * halo)).astype(np.float32)
    whole = engine(batch).copy()
    assert whole.shape == batch.shape
    for inside in np.ndindex(2, 2, 2, 2):
        top, left, bottom, right = inside
        part = engine(batch, tuple(map(bool, inside))).copy()
        rows = slice(top * trim, whole.shape[2] - bottom * trim)
        columns = slice(left * trim, whole.shape[3] - right * trim)
        assert part.shape == whole[..., rows, columns].shape
        sure = slice(top * halo, whole.shape[2] - bottom * halo), slice(left * halo, whole.shape[3] - right * halo)
        shifted = [slice(s.start - r.start, s.stop - r.start) for s, r in zip(sure, (rows, columns), strict=True)]
        np.testing.assert_allclose(part[..., *shifted], whole[..., *sure], atol=0.02 if precision == "bf16" else 1e-5)


def test_tiles_with_trimmed_halos_equal_the_whole_picture(make_model, in_tiles):
    image = np.random.default_rng(0).integers(0, 256, (150, 190, 3)).astype(np.uint8)
    for strength in (1.0, 0.5):
        restorer = Restorer(make_model(blocks=4), engine="openvino", precision="fp32", strength=strength)
        assert restorer.load().trim
        whole = restorer.restore_image(image)
        difference = np.abs(whole.astype(int) - in_tiles(restorer, 70 * 70).restore_image(image))
        assert difference.max() <= 1
        assert np.mean(difference > 0) < 0.01


def multiply_accumulates(card, rows, columns, trim):
    """Of one tile: the head and the blocks at half resolution, cut by the trim every three blocks, then the tail."""
    channels, features, blocks = (card.config[name] for name in ("channels", "features", "blocks"))
    sides = [span.begins_inside + span.ends_inside for span in (rows, columns)]
    height, width = ((span.stop - span.start) // 2 for span in (rows, columns))
    count = 9 * channels * features * height * width
    for block in range(blocks):
        count += 2 * 9 * features**2 * height * width
        if trim and (block + 1) % 3 == 0:
            height, width = height - 6 * sides[0], width - 6 * sides[1]
    assert height == (rows.stop - rows.start - trim * sides[0]) // 2
    return count + 4 * 9 * features * (features + channels) * height * width


@pytest.mark.parametrize(
    ("precision", "size"),
    [
        *product(["int8", "bf16"], [(3000, 4000), (4000, 6000), (10_000, 10_000), (2000, 50_000)]),
        ("fp32", (3000, 4000)),
    ],
)
def test_overlap_costs_under_a_tenth_of_the_arithmetic_at_the_default_memory(make_model, precision, size):
    """With the shipped model's shape; `trim` is asked of an engine with as many blocks."""
    card, (height, width) = read_card("mse"), size
    trim = Restorer(make_model(blocks=card.config["blocks"]), engine="openvino").load().trim
    tile_pixels = DEFAULT_MEMORY // (card.config["features"] * _BYTES_PER_MAP[precision])
    tiles = plan(height, width, radius=card.radius, multiple=card.multiple, max_pixels=tile_pixels)
    done = sum(multiply_accumulates(card, rows, columns, trim) for rows, columns in tiles)
    needed = card.macs_per_pixel * height * width
    assert needed <= done < 1.1 * needed


def test_strips_where_they_are_cheaper_than_squares():
    tiles = list(plan(400, 4000, radius=20, multiple=2, max_pixels=400_000))
    assert {(rows.start, rows.stop) for rows, _ in tiles} == {(0, 400)}
    tiles = list(plan(4000, 4000, radius=20, multiple=2, max_pixels=400_000))
    assert len({rows.start for rows, _ in tiles}) > 1 < len({columns.start for _, columns in tiles})


def test_leaving_at_a_tile_drops_those_to_come(make_model, in_tiles):
    restorer = Restorer(make_model(), engine="openvino", precision="fp32")
    engine, calls = restorer.load(), []

    def counted(batch, inside, known):
        calls.append(inside)
        time.sleep(0.02)
        return engine.run(batch, inside, known)

    restorer = in_tiles(restorer, 60 * 60).running_on(dataclasses.replace(engine, run=counted))
    picture = Picture(np.zeros((300, 300, 3), np.uint8), "RGB")
    shares = []
    restorer.restore_picture(picture, shares.append)
    assert shares == sorted(shares)
    assert (len(shares), shares[-1]) == (len(calls), 1.0)
    assert len(calls) > 20
    calls.clear()

    def stop(share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        restorer.restore_picture(picture, stop)
    assert len(calls) <= 4
