import json
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin
from skimage import data

from artifix.color import luma
from artifix.errors import ImageError
from artifix.inspection import inspect
from artifix.inspection.blocking import bef
from artifix.inspection.grid import find_grid
from artifix.inspection.tables import estimate_quality


def halved(image: np.ndarray) -> np.ndarray:
    """A picture of half the size, so that no trace of its own compression is left."""
    return np.asarray(Image.fromarray(image).reduce(2))


def jpeg(image: np.ndarray, quality: int, **options: object) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, **options)
    with Image.open(file) as decoded:
        return np.asarray(decoded)


@pytest.fixture(scope="module")
def clean() -> dict[str, np.ndarray]:
    return {name: halved(getattr(data, name)()) for name in ("astronaut", "coffee", "chelsea", "camera", "rocket")}


@pytest.mark.parametrize("grey", [False, True])
def test_the_quality_of_libjpegs_tables_is_exact(grey):
    image = Image.new("L" if grey else "RGB", (8, 8))
    for quality in range(1, 101):
        file = BytesIO()
        image.save(file, "JPEG", quality=quality)
        with Image.open(file) as decoded:
            tables = list(decoded.quantization.values())
        assert estimate_quality(*tables) == (quality, True)


def test_other_tables_get_the_nearest_quality_and_say_so():
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=70)
    with Image.open(file) as decoded:
        luma_table, chroma_table = decoded.quantization.values()
    luma_table[5] += 1
    assert estimate_quality(luma_table, chroma_table) == (70, False)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg(tmp_path, photograph, subsampling, progressive):
    path = tmp_path / "a.jpg"
    Image.fromarray(photograph).save(path, quality=27, subsampling=subsampling, progressive=progressive)
    found = inspect(path)
    assert (found.format, found.width, found.height, found.frames) == ("JPEG", 128, 96, 1)
    assert (found.quality, found.quality_exact, found.subsampling) == (27, True, subsampling)
    assert found.progressive is progressive
    assert found.grid == (0, 0)
    coding = "progressive" if progressive else "baseline"
    assert found.summary.startswith(f"JPEG at quality 27, {subsampling}, {coding}; ")
    assert json.loads(json.dumps(asdict(found)))["quality"] == 27


def test_blockiness_is_the_blocking_effect_factor(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "a.jpg", quality=10)
    with Image.open(tmp_path / "a.jpg") as file:
        expected = bef(luma(np.asarray(file)))
    assert inspect(tmp_path / "a.jpg").blockiness == pytest.approx(expected, abs=0.3)  # libjpeg rounds colour otherwise
    assert "strong blocking" in inspect(tmp_path / "a.jpg").summary


@pytest.mark.parametrize(("row", "column", "where"), [(0, 0, "on the same grid"), (3, 6, "from row 5, column 2")])
def test_an_earlier_coding_of_a_jpeg_is_said(tmp_path, clean, row, column, where):
    cut = np.ascontiguousarray(jpeg(clean["coffee"], 20)[row:, column:])
    Image.fromarray(cut).save(tmp_path / "a.jpg", quality=95)
    found = inspect(tmp_path / "a.jpg")
    assert found.earlier_sure > 0.5
    assert found.earlier_quality == pytest.approx(20, abs=2)
    assert where in found.summary
    Image.fromarray(clean["coffee"]).save(tmp_path / "a.jpg", quality=95)
    assert inspect(tmp_path / "a.jpg").earlier_quality is None


def test_a_screenshot_of_a_jpeg_tells_where_its_grid_begins(tmp_path, clean):
    Image.fromarray(jpeg(clean["astronaut"], 50)[3:, 6:]).save(tmp_path / "shot.png")
    found = inspect(tmp_path / "shot.png")
    assert found.grid == (5, 2)
    assert found.quality is found.subsampling is found.progressive is None
    assert "row 5, column 2" in found.summary


def test_the_grid_of_a_turned_jpeg_is_where_it_lies_now(tmp_path, clean):
    image = Image.fromarray(clean["astronaut"][:101, :110])
    exif = Image.Exif()
    exif[0x0112] = 3
    image.save(tmp_path / "a.jpg", quality=50, exif=exif)
    assert inspect(tmp_path / "a.jpg").grid == (101 % 8, 110 % 8)


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(["astronaut", "coffee", "chelsea", "camera", "rocket"]),
    quality=st.integers(10, 95),
    row=st.integers(0, 7),
    column=st.integers(0, 7),
)
def test_every_place_of_the_grid_is_found(name, quality, row, column):
    image = halved(getattr(data, name)())
    shifted = jpeg(image, quality)[row:, column:]
    assert find_grid(shifted, "L" if shifted.ndim == 2 else "RGB") == (-row % 8, -column % 8)


def test_no_grid_in_clean_pictures(clean, tmp_path):
    for name, image in clean.items():
        space = "L" if image.ndim == 2 else "RGB"
        assert find_grid(image, space) is None, name
        assert find_grid(image.astype(np.uint16) * 257, space) is None, name
    Image.fromarray(clean["coffee"]).save(tmp_path / "a.png")
    assert inspect(tmp_path / "a.png").summary == "PNG; no trace of JPEG found"


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (8, 8), (9, 200), (31, 32), (33, 40)])
def test_noise_flat_and_small_pictures_have_no_grid(tmp_path, shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for image in (noise, np.full(shape, 77, np.uint8)):
        Image.fromarray(image).save(tmp_path / "a.png")
        found = inspect(tmp_path / "a.png")
        assert found.grid is None
        assert found.blockiness >= 0


def test_errors_name_the_file(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageError, match="not a picture"):
        inspect(tmp_path / "a.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="--max-pixels"):
        inspect(tmp_path / "a.jpg", max_pixels=100)


def test_an_unusual_subsampling_is_named():
    file = JpegImagePlugin.JpegImageFile.__new__(JpegImagePlugin.JpegImageFile)
    from artifix.inspection.report import _subsampling

    file.layer = [(1, 4, 1, 0), (2, 1, 1, 1), (3, 1, 1, 1)]
    assert _subsampling(file) == "4:1:1"
    file.layer = [(1, 3, 1, 0), (2, 1, 1, 1), (3, 1, 1, 1)]
    assert _subsampling(file) == "chroma 1/3 across, 1/1 down"


@pytest.mark.data
def test_detection_and_false_alarms_on_photographs(evaluation_data: Path):
    names = sorted((evaluation_data / "live1").iterdir())
    assert names
    for index, path in enumerate(names):
        with Image.open(path) as file:
            image = np.asarray(file.convert("RGB"))
        assert find_grid(image, "RGB") is None, path.name
        for quality in (10, 50, 90):
            row, column = divmod(index * 7 + quality, 8)
            row %= 8
            shifted = jpeg(image, quality)[row:, column:]
            assert find_grid(shifted, "RGB") == (-row % 8, -column % 8), (path.name, quality)
