import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.image import read_picture
from artifix.jpeg import project, verify
from artifix.jpeg.share import limits_for, share_for, trust_in

PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
pictures = st.fixed_dictionaries(
    {
        "height": st.integers(1, 50),
        "width": st.integers(1, 50),
        "seed": st.integers(0, 2**31),
        "kind": st.sampled_from(["smooth", "flat", "squares", "text", "walk"]),
        "grey": st.booleans(),
        "quality": st.integers(1, 100),
        "subsampling": st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
        "orientation": st.integers(1, 8),
    }
)


def drawing(height, width, seed, kind, grey, **_):
    """A picture (H, W, 3) or (H, W) of some kind: from nature's to black and white."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    if kind == "smooth":
        image = np.stack([x * 4, y * 5, x + y], axis=-1) % 256
    elif kind == "flat":
        image = np.broadcast_to(chance.integers(0, 256, 3), (height, width, 3))
    elif kind == "squares":
        image = chance.integers(0, 256, (height // 6 + 1, width // 6 + 1, 3)).repeat(6, 0).repeat(6, 1)[:height, :width]
    elif kind == "text":
        image = (chance.random((height // 2 + 1, width // 2 + 1, 1)) < 0.8).repeat(2, 0).repeat(2, 1) * [255, 255, 255]
        image = image[:height, :width]
    else:
        image = (np.cumsum(chance.normal(0, 9, (height, width, 3)), axis=1) + 128).clip(0, 255)
    image = image.astype(np.uint8)
    return image[..., 0] if grey else image


def planes_of(image):
    return image[..., None].astype(np.float32) if image.ndim == 2 else rgb_to_ycbcr(image)


def pixels_of(planes):
    values = planes[..., 0] if planes.shape[2] == 1 else ycbcr_to_rgb(planes)
    return np.rint(values).clip(0, 255).astype(np.uint8)


def read(image, tmp_path, quality, subsampling="4:2:0"):
    options = {"subsampling": subsampling} if image.ndim == 3 else {}
    Image.fromarray(image).save(tmp_path / "coded.jpg", quality=quality, **options)
    return read_picture(tmp_path / "coded.jpg").coefficients


@PROPERTY
@given(pictures, st.sampled_from([1, 6, 30]))
def test_whatever_is_projected_could_be_the_original(tmp_path, picture, noise):
    image = drawing(**picture)
    coefficients = read(image, tmp_path, picture["quality"], picture["subsampling"])
    planes = planes_of(image)
    planes += np.random.default_rng(picture["seed"]).normal(0, noise, planes.shape).astype(np.float32)
    assert verify(coefficients, image).possible
    assert verify(coefficients, pixels_of(project(planes, coefficients))).possible


@PROPERTY
@given(pictures)
def test_the_whole_interval_brings_any_picture_nearer_to_the_original(tmp_path, picture):
    """Where nothing but the box is known: of whole blocks, in colours far from black and white."""
    sides = {"height": 16 * (1 + picture["height"] // 16), "width": 16 * (1 + picture["width"] // 16)}
    image = 64 + drawing(**picture | sides) // 2
    coefficients = read(image, tmp_path, picture["quality"], picture["subsampling"])
    planes = planes_of(image)
    noisy = planes + np.random.default_rng(1).normal(0, 8, planes.shape).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artifix.jpeg.share.share_for", lambda step, busy: np.full((64, 8, 8), 0.5, np.float32))
        patch.setattr("artifix.jpeg.intervals.trust_in", lambda change, outside: np.ones_like(change))
        patch.setattr("artifix.jpeg.coefficients.Component.is_blank", False)
        projected = project(noisy, coefficients)
    before, after = (np.square(each - planes).mean() for each in (noisy, projected))
    assert after < before + 0.25  # the encoder rounds before it transforms


@PROPERTY
@given(pictures, st.sampled_from([2, 6]))
def test_edges_that_cut_blocks_come_no_further_from_the_original_than_the_rest(tmp_path, picture, noise):
    image = 64 + drawing(**picture) // 2
    coefficients = read(image, tmp_path, picture["quality"], picture["subsampling"])
    planes = planes_of(image)
    noisy = planes + np.random.default_rng(2).normal(0, noise, planes.shape).astype(np.float32)
    error = np.square(project(noisy, coefficients) - planes)
    for edge in (error[-2:], error[:, -2:]):
        assert edge.mean() < 3 * error.mean() + noise**2


@pytest.mark.parametrize("name", ["4-1-1", "4-4-0", "4-1-0", "odd", "arithmetic", "restart", "rgb"])
def test_files_of_every_kind_bound_a_picture(files, drawn, name):
    coefficients = read_picture(files / f"{name}.jpg").coefficients
    noisy = rgb_to_ycbcr(drawn) + np.random.default_rng(0).normal(0, 8, drawn.shape).astype(np.float32)
    assert verify(coefficients, drawn).possible
    assert not verify(coefficients, pixels_of(noisy)).possible
    assert verify(coefficients, pixels_of(project(noisy, coefficients))).possible


def test_coding_the_result_again_gives_the_same_coefficients(photograph, tmp_path):
    """By libjpeg, with the file's own tables: but for those that rounding moves over the end of an interval."""
    coefficients = read(photograph, tmp_path, 30)
    noisy = rgb_to_ycbcr(photograph) + np.random.default_rng(0).normal(0, 5, photograph.shape).astype(np.float32)
    again = read(pixels_of(project(noisy, coefficients)), tmp_path, 30)
    for one, other in zip(coefficients.components, again.components, strict=True):
        assert np.mean(one.quantised != other.quantised) < 0.001


def test_what_is_inside_already_stays(photograph, tmp_path):
    coefficients = read(photograph, tmp_path, 50)
    middle = rgb_to_ycbcr(photograph)
    for _ in range(2):
        middle = project(middle, coefficients)
    np.testing.assert_allclose(project(middle, coefficients), middle, atol=0.3)


def test_parts_equal_the_whole(photograph, tmp_path):
    image = photograph[:91, :117]
    coefficients = read(image, tmp_path, 40)
    noisy = rgb_to_ycbcr(image) + np.random.default_rng(0).normal(0, 10, image.shape).astype(np.float32)
    whole = project(noisy, coefficients)
    parts = [
        np.concatenate(
            [project(noisy[rows, columns], coefficients, rows.start, columns.start) for columns in halves], 1
        )
        for rows in (slice(0, 32), slice(32, 91))
        for halves in [(slice(0, 64), slice(64, 117))]
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-3)
    with pytest.raises(ValueError, match="no whole units"):
        project(noisy[:40], coefficients)
    with pytest.raises(ValueError, match="no whole units"):
        project(noisy[8:], coefficients, 8)


def test_edges_that_another_encoder_padded_keep_to_their_blocks(photograph, tmp_path):
    """As if a picture had been cut off a larger one without coding it anew, which some programs do."""
    data = io.BytesIO()
    Image.fromarray(photograph[:96, :128]).save(data, "JPEG", quality=60, subsampling="4:4:4")
    shorter = data.getvalue().replace(b"\x00\x60\x00\x80\x03\x01", b"\x00\x5c\x00\x7b\x03\x01")  # 92x123 of 96x128
    (tmp_path / "cut.jpg").write_bytes(shorter)
    coefficients = read_picture(tmp_path / "cut.jpg").coefficients
    image = photograph[:92, :123]
    noisy = rgb_to_ycbcr(image) + np.random.default_rng(0).normal(0, 8, image.shape).astype(np.float32)
    projected = project(noisy, coefficients)
    assert verify(coefficients, image).possible
    assert verify(coefficients, pixels_of(projected)).possible
    edge = np.s_[88:, :]
    assert np.abs(projected - noisy)[edge].max() < 60
    assert np.square(projected - rgb_to_ycbcr(image))[edge].mean() < np.square(noisy - rgb_to_ycbcr(image))[edge].mean()


def test_a_grey_picture_in_colour_stays_grey(photograph, tmp_path):
    grey = np.repeat(photograph[..., :1], 3, axis=2)
    noisy = rgb_to_ycbcr(grey) + np.random.default_rng(0).normal(0, 5, grey.shape).astype(np.float32)
    for subsampling in ("4:2:0", "4:4:4"):
        projected = pixels_of(project(noisy, read(grey, tmp_path, 20, subsampling)))
        assert np.ptp(projected.astype(int), axis=2).max() == 0


def test_a_block_most_of_whose_change_lies_outside_of_its_intervals_is_hardly_trusted():
    trust = trust_in(np.float32([100] * 5), np.float32([0, 1, 9, 36, 100]))
    assert trust[0] == 1
    assert (np.diff(trust) < 0).all()
    assert trust[1] > 0.99
    assert trust[2] == pytest.approx(0.5)
    assert 0 < trust[-1] < 0.01
    assert trust_in(np.float32([0]), np.float32([0])) == 1


def test_shares_grow_with_the_step_up_to_the_whole_interval_and_shrink_with_the_texture():
    shares = share_for(np.array([1, 2, 8, 20, 50, 255, 65535]), np.arange(64)[:, None])
    assert (np.diff(shares, axis=1) > 0).all()
    assert (np.diff(shares, axis=0) <= 0).all()
    assert shares.min() > 0
    assert shares.max() <= 0.5


def test_limits_are_those_of_each_blocks_texture():
    quantised = np.zeros((1, 1, 8, 3, 8), np.int16)
    quantised[0, 0, 0, 1, 0] = 50  # the lowest coefficient is not texture
    quantised[0, 0, :, 2, :] = -1
    table = np.arange(1, 65, dtype=np.int32).reshape(8, 8)
    limits = limits_for(quantised, table)
    for column, busy in enumerate((0, 0, 63)):
        assert limits[0, 0, :, column] == pytest.approx(share_for(table, busy) * table)
