"""Good pictures stay good: files in which nothing is to be gained are left as they are."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from artifix.image import read_image, read_picture
from artifix.restoration import Restorer
from artifix.restoration.policy import plan_for

MARK = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a xmlns:artifix="urn:artifix:1.0/" artifix:input="0"/></x:xmpmeta>'


@pytest.fixture(scope="module")
def restorer(make_model):
    return Restorer(make_model(), precision="fp32")


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return np.asarray(Image.fromarray(data.coffee()).reduce(2))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_a_clean_picture_comes_out_bit_for_bit(restorer, clean, tmp_path, name):
    Image.fromarray(clean).save(tmp_path / name)
    record = restorer.restore_file(tmp_path / name, tmp_path / "out" / name)
    assert record.notes == ("left as it is: no trace of compression",)
    assert record.model == ""
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / name).read_bytes()
    record = restorer.restore_file(tmp_path / name, tmp_path / "out.webp")
    assert "left as it is: no trace of compression" in record.notes
    assert np.array_equal(read_image(tmp_path / "out.webp"), clean)


def test_a_jpeg_that_has_nothing_to_gain_comes_out_bit_for_bit(restorer, clean, tmp_path, monkeypatch):
    monkeypatch.setattr("artifix.inspection.plan.strength_at", lambda quality, **known: float(quality < 100))
    path = tmp_path / "a.jpg"
    Image.fromarray(clean).save(path, quality=100, subsampling="4:4:4")
    record = restorer.restore_file(path, tmp_path / "out.jpg")
    assert record.notes == ("left as it is: nothing to restore",)
    assert (tmp_path / "out.jpg").read_bytes() == path.read_bytes()
    restorer.restore_file(path, tmp_path / "out.png")
    assert np.array_equal(read_image(tmp_path / "out.png"), np.asarray(Image.open(path)))
    record = restorer.restore_file(path, tmp_path / "again.jpg", quality=80)
    assert "left as it is: nothing to restore" in record.notes
    assert (tmp_path / "again.jpg").stat().st_size < path.stat().st_size


def test_force_restores_all_the_same(make_model, clean, tmp_path):
    Image.fromarray(clean).save(tmp_path / "a.png")
    record = Restorer(make_model(), precision="fp32", force=True).restore_file(tmp_path / "a.png", tmp_path / "out.png")
    assert not any("left" in note for note in record.notes)
    assert not np.array_equal(read_image(tmp_path / "out.png"), clean)


def test_little_lost_is_little_changed(restorer, clean, tmp_path, monkeypatch):
    monkeypatch.setattr("artifix.inspection.plan.strength_at", lambda quality, **known: strength)
    path = tmp_path / "a.jpg"
    Image.fromarray(clean).save(path, quality=95)
    strength = 0.4
    record = restorer.restore_file(path, tmp_path / "out.png")
    assert f"restored at strength {strength:g}: little was lost" in record.notes
    expected = restorer.at(strength).restore_picture(read_picture(path)).pixels
    assert np.array_equal(read_image(tmp_path / "out.png"), expected)


def test_coarse_jpegs_and_their_screenshots_are_restored_in_full(restorer, clean, tmp_path):
    Image.fromarray(clean).save(tmp_path / "a.jpg", quality=20)
    Image.fromarray(np.asarray(Image.open(tmp_path / "a.jpg"))[3:, 5:]).save(tmp_path / "shot.png")
    for name in ("a.jpg", "shot.png"):
        record = restorer.restore_file(tmp_path / name, tmp_path / "out.png", overwrite=True)
        assert record.notes == ()
        expected = restorer.restore_picture(read_picture(tmp_path / name)).pixels
        assert np.array_equal(read_image(tmp_path / "out.png"), expected)


def test_what_artifix_wrote_is_left_as_it_is(clean, tmp_path):
    Image.fromarray(clean).save(tmp_path / "coded.jpg", quality=20)
    coded = Image.open(tmp_path / "coded.jpg")
    for name, options in (("a.webp", {"lossless": True}), ("a.jpg", {"quality": 95})):
        coded.save(tmp_path / name, xmp=MARK, **options)
        assert plan_for(read_picture(tmp_path / name)).note == "left as it is: artifix restored it before"
        coded.save(tmp_path / name, **options)
        assert not plan_for(read_picture(tmp_path / name)).leaves
    coded.save(tmp_path / "a.jpg", quality=30, xmp=MARK)
    assert plan_for(read_picture(tmp_path / "a.jpg")).strength == 1


def test_a_picture_in_memory_has_no_plan(restorer, clean):
    assert not np.array_equal(restorer.restore_image(clean), clean)


@pytest.mark.parametrize(
    ("quality", "sampling", "suffix", "left"),
    [
        (95, "4:4:4", ".jpg", True),
        (97, "4:4:4", ".jpg", True),
        (95, "4:4:4", ".png", False),
        (95, "4:2:0", ".jpg", False),
    ],
)
def test_a_jpeg_whose_gain_another_would_lose_is_left_as_it_is(
    restorer, photograph, tmp_path, quality, sampling, suffix, left
):
    path, out = tmp_path / "a.jpg", tmp_path / f"out{suffix}"
    Image.fromarray(photograph).save(path, quality=quality, subsampling=sampling)
    record = restorer.restore_file(path, out)
    assert any("--format png" in note for note in record.notes) == left
    assert (suffix == ".jpg" and out.read_bytes() == path.read_bytes()) == left
    forced = Restorer(restorer.model, force=True)
    forced.restore_file(path, out, overwrite=True)
    assert suffix == ".png" or out.read_bytes() != path.read_bytes()
