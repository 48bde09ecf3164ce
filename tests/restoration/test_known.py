"""What a network is told of the file that a picture came from, and when it is told nothing."""

import io

import numpy as np
import pytest
from PIL import Image

from artifix.color import ycbcr_to_rgb
from artifix.image import read_picture
from artifix.image.jpeg import coding_of
from artifix.models.known import NOTHING
from artifix.restoration import Restorer
from artifix.restoration.bound import Rule
from artifix.restoration.known import known_of, known_of_picture

STEEP = [1 + 4 * column + row for row in range(8) for column in range(8)]  # unlike its transpose


def jpeg(path, photograph, size, orientation=1, subsampling="4:2:0", mode="RGB"):
    """A JPEG of this width and height with tables of our own, and an orientation in its EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(photograph).crop((0, 0, *size)).convert(mode)
    tables = [STEEP] if mode == "L" else [STEEP, [step + 1 for step in STEEP]]
    image.save(path, "JPEG", qtables=tables, subsampling=subsampling, exif=exif)
    return path


@pytest.mark.parametrize(("subsampling", "sampled"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))])
def test_tables_and_subsampling_of_an_upright_jpeg(tmp_path, photograph, subsampling, sampled):
    path = jpeg(tmp_path / "a.jpg", photograph, (45, 37), subsampling=subsampling)
    known = known_of_picture(read_picture(path))
    assert known.luma == tuple(STEEP)
    assert known.chroma == tuple(step + 1 for step in STEEP)
    assert known.subsampling == sampled
    assert known == known_of(*coding_of(path.read_bytes()))


def test_a_grey_jpeg_has_no_chroma(tmp_path, photograph):
    known = known_of_picture(read_picture(jpeg(tmp_path / "a.jpg", photograph, (45, 37), mode="L")))
    assert (known.luma, known.chroma) == (tuple(STEEP), None)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(64, 48), (64, 45), (61, 48), (61, 45)])
def test_a_turned_picture_is_told_of_where_its_first_block_is_whole(tmp_path, photograph, orientation, size):
    """By marking the file's first pixel of its last whole block row and column, and looking where they come to lie."""
    picture = read_picture(jpeg(tmp_path / "a.jpg", photograph, size, orientation, "4:2:2"))
    known = known_of_picture(picture)
    width, height = size
    stored = np.zeros((height, width, 3), np.uint8)
    stored[..., 0], stored[..., 1] = np.arange(width) % 16, np.arange(height)[:, None] % 8
    marked = Image.fromarray(stored)
    marked.getexif()[0x0112] = orientation
    buffer = io.BytesIO()
    marked.save(buffer, "PNG", exif=marked.getexif())
    (tmp_path / "marked.png").write_bytes(buffer.getvalue())
    x, y, _ = read_picture(tmp_path / "marked.png").pixels[0, 0]
    begins_whole = int(x) in (0, 15) and int(y) in (0, 7)
    assert (known is not NOTHING) == begins_whole
    if begins_whole:
        steep = np.reshape(STEEP, (8, 8))
        expected, sampled = (steep.T, (1, 2)) if orientation > 4 else (steep, (2, 1))
        assert known.luma == tuple(expected.ravel())
        assert known.subsampling == sampled


def test_what_is_no_jpeg_or_is_in_rgb_is_told_nothing(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "a.png")
    Image.fromarray(photograph).convert("CMYK").save(tmp_path / "b.jpg")
    for name in ("a.png", "b.jpg"):
        assert known_of_picture(read_picture(tmp_path / name)) is NOTHING
    assert known_of([(0,) * 64], None) is NOTHING  # steps that no file may have
    assert known_of([(1,) * 64] * 3, None) is NOTHING
    assert known_of([(1,) * 64] * 3, (4, 1)) is NOTHING  # networks did not learn from such files


def test_the_engine_is_told(tmp_path, photograph, make_model, monkeypatch):
    heard = []

    class Engine:
        def __call__(self, batch, inside, known):
            heard.append(known[0].copy())
            return batch

        def __getattr__(self, name):
            return getattr(real, name)

    restorer = Restorer(make_model(), precision="fp32")
    real = restorer.load()
    restorer = restorer.running_on(Engine())
    path = jpeg(tmp_path / "a.jpg", photograph, (96, 64))
    expected = known_of(*coding_of(path.read_bytes())).vector()
    picture = read_picture(path)
    restorer.restore_picture(picture)
    restorer.restore_image(photograph)
    restorer.for_file(path.read_bytes()).restore_image(photograph)
    restorer.for_file(path.read_bytes(), told=False).restore_image(photograph)
    restorer.restore_planes(np.zeros((16, 16, 3), np.float32))
    told = [bool(vector.any()) for vector in heard]
    assert told == [True, False, True, False, False]
    np.testing.assert_array_equal(heard[0], expected)
    np.testing.assert_array_equal(heard[2], expected)


def test_a_picture_that_was_coded_before_is_restored_without_the_tables_of_its_last_coding(tmp_path, photograph):
    picture = read_picture(jpeg(tmp_path / "a.jpg", photograph, (48, 32)))
    restorer = Restorer(precision="fp32")
    rules = (Rule(False, "", coded_before=before) for before in (True, False))
    twice, once = (restorer.restore_picture(picture, rule=rule) for rule in rules)
    planes = restorer.restore_planes(picture.pixels.astype(np.float32))
    expected = np.clip(np.rint(ycbcr_to_rgb(planes)), 0, 255)
    assert np.abs(twice.pixels - expected).max() <= 1
    assert np.abs(once.pixels - expected).max() > 1
