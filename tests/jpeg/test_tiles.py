"""Drawings whose edges lie on the grid of blocks keep them; photographs have no such blocks."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import data

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.image import read_picture
from artifix.jpeg import project


def read(image: np.ndarray, path, quality: int):
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:4:4")
    path.write_bytes(file.getvalue())
    picture = read_picture(path)
    assert picture.coefficients is not None
    return picture.coefficients


@pytest.mark.parametrize("each", [8, 16, 24])
@pytest.mark.parametrize("quality", [20, 60, 90])
def test_enlarged_pixels_on_the_grid_are_tiles_and_stay_as_they_are_coded(tmp_path, quality, each):
    small = np.random.default_rng(each).integers(0, 2, (6, 6, 1), dtype=np.uint8) * 120 + 60
    image = np.kron(small, np.ones((each, each, 3), np.uint8))
    coefficients = read(image, tmp_path / "tiles.jpg", quality)
    tiles = coefficients.components[0].tiles
    assert tiles.shape == (6 * each // 8, 6 * each // 8)
    assert tiles.mean() > 0.3  # of larger ones, those along the edges
    planes = rgb_to_ycbcr(image.astype(np.float32))
    smoothed = (planes + np.roll(planes, 1, axis=0) + np.roll(planes, 1, axis=1)) / 3
    kept = np.kron(tiles, np.ones((8, 8), bool))
    step = coefficients.components[0].table[0, 0]
    assert np.abs(ycbcr_to_rgb(project(smoothed, coefficients)) - image)[kept].max() <= step / 16 + 1


@pytest.mark.parametrize("quality", [5, 10, 20, 50, 80, 95])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_photographs_have_next_to_none(tmp_path, name, quality):
    image = np.asarray(Image.fromarray(getattr(data, name)()).reduce(2))
    coefficients = read(image, tmp_path / "photograph.jpg", quality)
    for component in coefficients.components:
        assert component.tiles.mean() < 0.005


def test_the_parts_are_those_of_the_whole(tmp_path):
    image = np.random.default_rng(0).integers(0, 3, (5, 7, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1) * 100
    component = read(image, tmp_path / "tiles.jpg", 70).components[0]
    assert (component.tiles_of(8, 16, 24, 32) == component.tiles[1:4, 2:6]).all()
    assert not component.tiles_of(32, 48, 16, 16)[1:].any()
