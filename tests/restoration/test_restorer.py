from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from artifix.codecs import decode, degrade, encode
from artifix.color import rgb_to_ycbcr
from artifix.errors import ImageError, OutputError
from artifix.image import Picture, read_image, read_picture, write_image
from artifix.restoration import Restorer, restore


@pytest.fixture(scope="module")
def restorer(make_model):
    return Restorer(make_model(), engine="openvino", precision="fp32")


@pytest.fixture(scope="module")
def luma_restorer(make_model):
    return Restorer(make_model(channels=1), engine="openvino", precision="fp32")


def folder_content(folder):
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (7, 3, 3), (1, 9, 3), (40, 31, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shape_and_type_are_kept(restorer, luma_restorer, shape, dtype):
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    for each in (restorer, luma_restorer):
        restored = each.restore_image(image)
        assert (restored.shape, restored.dtype) == (image.shape, image.dtype)
        assert not np.array_equal(restored, image) or image.size < 10


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strength_0_is_the_input_and_a_half_lies_halfway(make_model, photograph, dtype):
    image = photograph.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    untouched, half, full = (
        Restorer(make_model(), strength=strength, precision="fp32").restore_image(image).astype(float)
        for strength in (0, 0.5, 1)
    )
    assert np.array_equal(untouched, image)
    unclipped = (full > 0) & (full < np.iinfo(dtype).max)
    np.testing.assert_allclose(half[unclipped], (image / 2 + full / 2)[unclipped], atol=1.1)


def test_sixteen_bits_are_the_eight_bit_result_with_more_between(restorer, photograph):
    eight = restorer.restore_image(photograph).astype(float)
    sixteen = restorer.restore_image(photograph.astype(np.uint16) * np.uint16(257)) / 257
    assert np.abs(sixteen - eight).max() <= 0.5 + 1e-3
    assert np.unique(sixteen).size > 256


def test_a_colour_model_restores_grey_as_it_does_neutral_colour(restorer, photograph):
    grey = photograph[..., 0]
    planes = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], axis=-1)
    colour = restorer.restore_picture(Picture(planes, "YCbCr")).pixels
    restored = restorer.restore_image(grey)
    assert restored.shape == grey.shape
    # Y = 0.299 R + 0.587 G + 0.114 B of what the colour picture became, within its roundings and clippings.
    unclipped = ((colour > 0) & (colour < 255)).all(axis=-1)
    assert np.abs(rgb_to_ycbcr(colour)[..., 0] - restored)[unclipped].max() <= 1


def test_a_luma_model_leaves_chroma_alone(luma_restorer, photograph):
    restored = luma_restorer.restore_image(photograph)
    unclipped = ((restored > 0) & (restored < 255)).all(axis=-1)
    before, after = rgb_to_ycbcr(photograph)[unclipped], rgb_to_ycbcr(restored)[unclipped]
    assert np.abs(after - before)[:, 1:].max() <= 1
    assert np.abs(after - before)[:, 0].max() > 3


def test_a_jpegs_own_ycbcr_is_restored_not_its_rounded_rgb(restorer, photograph):
    data = encode(photograph, quality=30)
    picture = Picture(decode(data, ycbcr=True), "YCbCr")
    restored = restorer.restore_picture(picture)
    assert restored.space == "RGB"
    by_rgb = restorer.restore_image(decode(data)).astype(int)
    difference = np.abs(restored.pixels - by_rgb)
    assert 0 < difference.mean() < 1.5


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8), np.zeros(4)]
)
def test_other_arrays_are_refused(restorer, image):
    with pytest.raises(ValueError, match="expected"):
        restorer.restore_pixels(image)


def test_strength_out_of_range_is_refused(make_model):
    with pytest.raises(ValueError, match="strength"):
        Restorer(make_model(), strength=1.5)


def test_what_is_hidden_stays_and_does_not_bleed(restorer, photograph):
    alpha = np.full(photograph.shape[:2], 255, np.uint8)
    alpha[20:60, 30:90] = 0
    loud, quiet = photograph.copy(), photograph.copy()
    loud[alpha == 0], quiet[alpha == 0] = (255, 0, 255), (0, 0, 0)
    first, second = (restorer.restore_picture(Picture(pixels, "RGB", alpha)) for pixels in (loud, quiet))
    assert np.array_equal(first.pixels[alpha > 0], second.pixels[alpha > 0])
    assert (first.pixels[alpha == 0] == (255, 0, 255)).all()
    assert np.array_equal(first.alpha, alpha)


def test_one_restorer_serves_many_threads(restorer, photograph):
    images = [np.roll(photograph, 8 * n, axis=1) for n in range(8)]
    expected = [restorer.restore_image(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        for result, single in zip(pool.map(restorer.restore_image, images), expected, strict=True):
            assert np.array_equal(result, single)


def test_progress_rises_to_the_whole(make_model, in_tiles, photograph):
    restorer = in_tiles(Restorer(make_model(), precision="fp32"), 1500)
    shares = []
    restorer.restore_picture(Picture(photograph, "RGB"), shares.append)
    assert len(shares) > 5
    assert shares == sorted(set(shares))
    assert shares[-1] == 1


def test_restore_is_one_call(make_model, photograph):
    assert np.array_equal(
        restore(photograph, make_model(), strength=0.7),
        Restorer(make_model(), strength=0.7).restore_image(photograph),
    )


def test_a_file_is_restored_with_what_goes_with_it(restorer, photograph, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a note"
    Image.fromarray(photograph).save(tmp_path / "in.jpg", quality=20, exif=exif, dpi=(72, 72))
    record = restorer.restore_file(tmp_path / "in.jpg", tmp_path / "out.png")
    assert (record.status, record.width, record.height) == ("restored", 128, 96)
    restored = read_picture(tmp_path / "out.png")
    expected = restorer.restore_picture(read_picture(tmp_path / "in.jpg"))
    assert np.array_equal(restored.pixels, expected.pixels)
    with Image.open(tmp_path / "out.png") as file:
        assert file.getexif()[0x010E] == "a note"
    assert restored.metadata.dpi == pytest.approx((72, 72), abs=0.01)


def test_what_a_file_loses_is_said(restorer, photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    assert any(
        "quality 80" in n for n in restorer.restore_file(tmp_path / "in.png", tmp_path / "a.jpg", quality=80).notes
    )
    Image.fromarray(photograph).save(
        tmp_path / "in.gif", save_all=True, append_images=[Image.fromarray(photograph[::-1])]
    )
    assert "the first of 2 frames" in restorer.restore_file(tmp_path / "in.gif", tmp_path / "b.jpg").notes


def test_an_existing_output_is_kept_unless_overwrite(restorer, photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    (tmp_path / "out.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes() == b"mine"
    assert restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png", overwrite=True).status == "restored"
    assert read_image(tmp_path / "out.png").shape == photograph.shape


def test_the_input_is_replaced_only_when_that_is_asked_for(restorer, photograph, tmp_path):
    path = tmp_path / "in.png"
    coded = degrade(photograph, quality=20)
    write_image(path, coded)
    with pytest.raises(OutputError, match="is the input itself"):
        restorer.restore_file(path, tmp_path / "." / "in.png")
    assert np.array_equal(read_image(path), coded)
    restorer.restore_file(path, path, overwrite=True)
    assert not np.array_equal(read_image(path), coded)


def broken_files(folder, photograph):
    Image.fromarray(photograph).save(folder / "whole.jpg")
    data = (folder / "whole.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("no picture")
    return [folder / name for name in ("truncated.jpg", "empty.jpg", "text.png", "missing.jpg")]


def test_bad_input_is_one_line_that_names_it_and_leaves_nothing(restorer, photograph, tmp_path):
    for path in broken_files(tmp_path, photograph):
        before = folder_content(tmp_path)
        with pytest.raises(ImageError, match=path.name) as caught:
            restorer.restore_file(path, tmp_path / "out.png")
        assert "\n" not in str(caught.value)
        assert folder_content(tmp_path) == before


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(restorer, photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    with pytest.raises(ImageError, match="max-pixels"):
        restorer.restore_file(tmp_path / "in.png", tmp_path / "out.png", max_pixels=1000)


def test_a_folder_is_mirrored_and_a_bad_picture_does_not_stop_it(restorer, photograph, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "a" / "b").mkdir(parents=True)
    for name in ("one.png", "a/one.png", "a/b/two.jpg"):
        write_image(source / name, photograph)
    (source / "a" / "bad.jpg").write_bytes(b"no picture")
    records = {record.input: record for record in restorer.restore_folder(source, target)}
    assert sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_file()) == [
        "a/b/two.jpg",
        "a/one.png",
        "one.png",
    ]
    assert records[str(source / "a" / "bad.jpg")].status == "failed"
    assert "bad.jpg" in records[str(source / "a" / "bad.jpg")].error
    again = restorer.restore_folder(source, target)
    assert sorted(record.status for record in again) == ["failed", "kept", "kept", "kept"]
