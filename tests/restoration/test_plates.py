"""CMYK in, CMYK out, where the format can."""

import dataclasses

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from artifix.errors import OutputError
from artifix.image import Picture, read_picture, write_picture
from artifix.restoration import Restorer
from artifix.restoration.plates import restore_plates

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROFILE = _SRGB[:16] + b"CMYK" + _SRGB[20:]


def separated(photograph) -> np.ndarray:
    """The inks of a photograph, (H, W, 4), most of its grey in the black."""
    light = photograph.astype(float)
    black = 0.8 * (255 - light.max(axis=2, keepdims=True))
    return np.dstack([255 - light - black, black]).clip(0, 255).round().astype(np.uint8)


@pytest.fixture(scope="module")
def restorer():
    return Restorer(precision="fp32", threads=1)


@pytest.fixture
def inks(photograph):
    return separated(photograph[:64, :72])


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_a_jpeg_of_inks_comes_nearer_to_what_it_was(tmp_path, inks, restorer, suffix):
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 300.0
    exif[ExifTags.Base.ResolutionUnit] = 2
    source, target = tmp_path / "a.jpg", tmp_path / f"b{suffix}"
    Image.fromarray(inks, "CMYK").save(source, quality=30, icc_profile=PROFILE, exif=exif)
    record = restorer.restore_file(source, target)
    assert not any("CMYK becomes" in note or "left out" in note for note in record.notes)
    with Image.open(source) as before, Image.open(target) as after:
        assert (after.mode, after.info["icc_profile"], after.info["dpi"]) == ("CMYK", PROFILE, (300, 300))
        errors = [((np.asarray(each, float) - inks) ** 2).mean(axis=(0, 1)) for each in (before, after)]
    assert (errors[1] < 0.95 * errors[0]).all(), errors  # of each ink


def test_other_formats_get_srgb_and_a_note(tmp_path, inks, restorer):
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", quality=30)
    record = restorer.restore_file(tmp_path / "a.jpg", tmp_path / "b.png")
    assert "CMYK becomes sRGB" in record.notes
    with Image.open(tmp_path / "b.png") as made:
        assert made.mode == "RGB"
    with pytest.raises(OutputError, match=r"c\.png: PNG has no CMYK"):
        write_picture(tmp_path / "c.png", read_picture(tmp_path / "a.jpg", cmyk=True))


def test_a_tiff_of_inks_is_written_as_it_was_read(tmp_path, inks):
    with Image.fromarray(inks, "CMYK") as image:
        image.save(tmp_path / "a.tif", icc_profile=PROFILE, dpi=(240, 240))
    picture = read_picture(tmp_path / "a.tif", cmyk=True)
    write_picture(tmp_path / "b.tif", picture)
    write_picture(tmp_path / "c.jpg", picture)
    with Image.open(tmp_path / "b.tif") as again, Image.open(tmp_path / "c.jpg") as coded:
        np.testing.assert_array_equal(np.asarray(again), inks)
        assert [each.info["icc_profile"] for each in (again, coded)] == [PROFILE] * 2
        assert [tuple(map(round, each.info["dpi"])) for each in (again, coded)] == [(240, 240)] * 2  # by EXIF in a JPEG
        assert np.abs(np.asarray(coded).astype(int) - inks).mean() < 4


def test_every_page_of_inks_stays_one(tmp_path, inks, restorer):
    first, second = (Image.fromarray(np.ascontiguousarray(each), "CMYK") for each in (inks, inks[::-1]))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    restorer.restore_file(tmp_path / "a.tif", tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as made:
        assert made.n_frames == 2
        for page in range(2):
            made.seek(page)
            assert made.mode == "CMYK"


def test_a_plate_of_one_tone_is_not_touched(inks):
    shares, seen = [], []

    def restore(picture, progress):
        seen.append((picture.space, picture.tables))
        progress(1.0)
        return picture

    black = np.full(inks.shape[:2], 255, np.uint8)
    picture = Picture(inks[..., :3], "RGB", black=black)
    assert restore_plates(restore, picture, shares.append).black is black
    assert (seen, shares) == ([("RGB", None)], [1.0])
    seen.clear(), shares.clear()
    restore_plates(restore, dataclasses.replace(picture, black=inks[..., 3]), shares.append)
    assert (seen, shares) == ([("L", None), ("RGB", None)], [0.25, 1.0])


def test_what_is_coded_alone_is_restored_alone(inks):
    seen = []

    def restore(picture, progress):
        seen.append((picture.space, picture.tables))
        return dataclasses.replace(picture, pixels=picture.pixels // 2)

    one, other = (1,) * 64, (2,) * 64
    cmyk = Picture(inks[..., :3], "RGB", tables=(one,) * 4, black=inks[..., 3])
    restored = restore_plates(restore, cmyk)
    assert seen == [("L", (one,))] * 4
    np.testing.assert_array_equal(restored.pixels, inks[..., :3] // 2)
    np.testing.assert_array_equal(restored.black, inks[..., 3] // 2)
    seen.clear()
    ycck = dataclasses.replace(cmyk, tables=(one, other, other, one))
    restore_plates(restore, ycck)
    assert seen == [("L", (one,)), ("RGB", ycck.tables)]
