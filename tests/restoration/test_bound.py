import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artifix.image import Picture, read_picture
from artifix.inspection.history import Evidence
from artifix.jpeg import verify
from artifix.restoration import Restorer, bound
from artifix.restoration.bound import Bound, rule_for
from artifix.restoration.tiling import Grid, plan
from artifix.restoration.verify import map_of, verify_picture


def write(path, image, quality=60, orientation=1, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(image).save(path, "JPEG", quality=quality, exif=exif, **options)
    return read_picture(path)


def could_be(picture, restored):
    return verify_picture("a.jpg", picture, "a.png", restored)


@pytest.fixture
def restorer(make_model):
    """Of random weights: what it makes is far from any original."""
    return Restorer(make_model(blocks=1), engine="openvino", precision="fp32")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2"])
def test_a_restored_picture_could_be_the_original_however_it_is_turned(
    photograph, restorer, in_tiles, tmp_path, orientation, subsampling
):
    picture = write(tmp_path / "a.jpg", photograph[:75, :101], orientation=orientation, subsampling=subsampling)
    restored = restorer.restore_picture(picture)
    assert picture.pixels.shape == ((101, 75, 3) if orientation > 4 else (75, 101, 3))
    assert could_be(picture, restored).possible
    assert restored.coefficients is None
    tiled = in_tiles(restorer, 60 * 60).restore_picture(picture)
    assert could_be(picture, tiled).possible
    difference = np.abs(restored.pixels.astype(int) - tiled.pixels)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.01
    unbounded = dataclasses.replace(restorer, bound="never")
    assert not could_be(picture, unbounded.restore_picture(picture)).possible


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("grey", [False, True])
def test_models_of_luma_alone_and_grey_pictures_are_bounded(photograph, make_model, tmp_path, channels, grey):
    restorer = Restorer(make_model(channels=channels), engine="openvino", precision="fp32")
    picture = write(tmp_path / "a.jpg", photograph[..., 0] if grey else photograph, 30)
    assert could_be(picture, restorer.restore_picture(picture)).possible


def test_a_blend_is_bounded(photograph, make_model, tmp_path, monkeypatch):
    monkeypatch.setattr("artifix.models.blending._MIN_COSINE", -1.0)  # random weights have nothing in common
    pair = [make_model(seed=seed) for seed in (1, 2)]
    restorer = Restorer(pair[0], detail=0.5, vivid=pair[1], engine="openvino", precision="fp32")
    picture = write(tmp_path / "a.jpg", photograph, 30)
    assert could_be(picture, restorer.restore_picture(picture)).possible


def test_jpegs_that_hold_rgb_are_bounded(photograph, restorer, tmp_path):
    picture = write(tmp_path / "a.jpg", photograph, keep_rgb=True)
    assert (picture.space, picture.coefficients.space) == ("RGB", "RGB")
    assert could_be(picture, restorer.restore_picture(picture)).possible


def test_strength_blends_after_the_bound(photograph, make_model, tmp_path):
    picture = write(tmp_path / "a.jpg", photograph)
    none, half, whole = (
        Restorer(make_model(), strength=strength, engine="openvino", precision="fp32")
        .restore_picture(picture)
        .pixels.astype(float)
        for strength in (0, 0.5, 1)
    )
    inside = (none > 0) & (none < 255) & (whole > 0) & (whole < 255)  # where nothing was cut off
    assert inside.mean() > 0.9
    assert np.abs(half - (none + whole) / 2)[inside].max() <= 1


def test_the_rule_and_what_is_said_of_it(photograph, tmp_path, monkeypatch):
    picture = write(tmp_path / "a.jpg", photograph)
    assert rule_for(picture, "auto") == rule_for(picture, "auto")
    assert (rule_for(picture, "auto").applies, rule_for(picture, "auto").said) == (True, "kept")
    assert (rule_for(picture, "always").applies, rule_for(picture, "always").said) == (True, "kept: asked for")
    assert (rule_for(picture, "never").applies, rule_for(picture, "never").said) == (False, "given up: asked for")
    unread = rule_for(dataclasses.replace(picture, coefficients=None), "auto")
    assert (unread.applies, unread.said) == (False, "none: its coefficients cannot be read")
    assert unread.note == "not bounded by the file: its coefficients cannot be read"
    assert rule_for(Picture(photograph, "RGB", format="PNG"), "always").said == ""
    cut = dataclasses.replace(picture, pixels=picture.pixels[:40])
    assert not rule_for(cut, "always").applies

    Image.fromarray(photograph).convert("CMYK").save(tmp_path / "b.jpg")
    assert rule_for(read_picture(tmp_path / "b.jpg"), "auto").said == "none: CMYK"


@pytest.mark.parametrize(("sure", "said"), [(0.9, "given up: saved twice"), (0.1, "kept")])
def test_a_sign_of_an_earlier_coding_lets_go_of_the_bound(photograph, restorer, tmp_path, monkeypatch, sure, said):
    asked = []

    def coded_before(coefficients, pixels, space):
        asked.append((coefficients.width, pixels.shape, space))
        return Evidence(sure, "saved twice")

    monkeypatch.setattr(bound, "coded_before", coded_before)
    picture = write(tmp_path / "a.jpg", photograph)
    record = restorer.restore_file(tmp_path / "a.jpg", tmp_path / "out.png")
    assert asked == [(128, (96, 128, 3), "YCbCr")]
    assert record.bound == said
    assert ("not bounded by the file: saved twice" in record.notes) == (sure > 0.5)
    assert could_be(picture, read_picture(tmp_path / "out.png")).possible == (sure < 0.5)
    assert rule_for(picture, "always").applies


def test_the_record_says_the_rule(photograph, make_model, tmp_path):
    write(tmp_path / "a.jpg", photograph)
    Image.fromarray(photograph).save(tmp_path / "a.png")
    restorer = Restorer(make_model(), bound="always")
    assert restorer.restore_file(tmp_path / "a.jpg", tmp_path / "1.png").bound == "kept: asked for"
    assert restorer.restore_file(tmp_path / "a.png", tmp_path / "2.png").bound == ""
    with pytest.raises(ValueError, match="bound must be one of auto, always, never"):
        Restorer(make_model(), bound="sometimes")


def test_a_flat_colour_stays_within_one(make_model, tmp_path):
    """The DC coefficient of the JPEG says so, whatever the network makes of it."""
    for colour in ((0, 122, 204), (70, 40, 110), (255, 255, 255), (3, 250, 17)):
        flat = np.full((64, 64, 3), colour, np.uint8)
        picture = write(tmp_path / "a.jpg", flat, 90)
        decoded = np.asarray(Image.open(tmp_path / "a.jpg").convert("RGB")).astype(int)
        assert np.abs(decoded - flat).max() <= 1
        restored = Restorer(make_model(), engine="openvino", precision="fp32").restore_picture(picture)
        assert np.abs(restored.pixels.astype(int) - flat).max() <= 1


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.sampled_from([8, 16, 32]),
    st.sampled_from([8, 16, 32]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 100_000),
)
def test_tiles_meet_on_the_grid(height, width, down, across, from_bottom, from_right, max_pixels):
    grids = Grid(down, height % down if from_bottom else 0), Grid(across, width % across if from_right else 0)
    count = np.zeros((height, width), int)
    for rows, columns in plan(height, width, radius=9, multiple=2, max_pixels=max_pixels, grids=grids):
        count[rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] += 1
        for span, length, grid in ((rows, height, grids[0]), (columns, width, grids[1])):
            assert span.keep_start == 0 or (span.keep_start - grid.offset) % grid.size == 0
            assert span.start == 0 or span.keep_start - span.start >= 9
            assert span.stop >= length or span.stop - span.keep_stop >= 9
            assert span.start % 2 == 0
    assert (count == 1).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_grid_of_an_upright_picture_is_the_files(photograph, tmp_path, orientation):
    picture = write(tmp_path / "a.jpg", photograph[:75, :101], orientation=orientation, subsampling="4:2:2")
    bound = Bound(picture.coefficients)
    ends = {1: (0, 0), 2: (0, 101 % 16), 3: (75 % 8, 101 % 16), 4: (75 % 8, 0)}
    turned = {5: (0, 0), 6: (0, 75 % 8), 7: (101 % 16, 75 % 8), 8: (101 % 16, 0)}
    assert tuple(grid.offset for grid in bound.grids) == (ends | turned)[orientation]
    assert tuple(grid.size for grid in bound.grids) == ((16, 8) if orientation > 4 else (8, 16))


def test_the_map_lies_upright_and_shows_where(photograph, tmp_path):
    picture = write(tmp_path / "a.jpg", photograph, 90, orientation=6, subsampling="4:4:4")
    changed = np.rot90(photograph, -1).copy()
    assert could_be(picture, Picture(changed, "RGB")).possible
    changed[100:104, 20:24] ^= 0x55  # within the block of rows 96..103 and columns 16..23
    verdict = could_be(picture, Picture(changed, "RGB"))
    image = map_of(verdict, picture)
    assert image.shape == (128, 96, 3)
    red = np.argwhere((image[..., 0] > 160) & (image[..., 1] == 0))
    assert (red.min(axis=0).tolist(), red.max(axis=0).tolist()) == ([96, 16], [103, 23])
    assert verify(picture.coefficients, np.rot90(changed, 1)).beyond == verdict.beyond


def test_a_jpeg_too_large_for_its_coefficients_is_restored_without_them(tmp_path, photograph, monkeypatch):
    """Reading them takes more memory than the picture."""
    Image.fromarray(photograph).save(tmp_path / "a.jpg", subsampling="4:2:0")
    samples = photograph.shape[0] * photograph.shape[1] * 3 // 2
    for most, is_bounded in ((samples, True), (samples - 1, False)):
        monkeypatch.setattr("artifix.image.jpeg.MOST_SAMPLES", most)
        picture = read_picture(tmp_path / "a.jpg")
        rule = rule_for(picture, "auto")
        assert (picture.coefficients is not None) is is_bounded
        assert rule.applies is is_bounded
        assert ("too large" in rule.note) is not is_bounded
