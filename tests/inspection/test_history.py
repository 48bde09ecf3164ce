"""Earlier codings are found in JPEGs that were coded twice, and in nothing else."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import data

from artifix.inspection.combs import find_comb
from artifix.inspection.grid import DCT, whole_blocks
from artifix.inspection.history import coded_before
from artifix.train.drawings import KINDS


@dataclass
class Component:
    quantised: np.ndarray
    table: np.ndarray


@dataclass
class Coefficients:
    components: list[Component]


@pytest.fixture(scope="module", params=["astronaut", "coffee", "chelsea"])
def clean(request) -> np.ndarray:
    """A photograph at half its size, so that no trace of its own coding is left."""
    return np.asarray(Image.fromarray(getattr(data, request.param)()).reduce(2))


def coded(image: np.ndarray, quality: int, subsampling: str = "4:2:0") -> tuple[Coefficients, np.ndarray]:
    """A JPEG's luma coefficients, taken again from its decoded luma, and its YCbCr pixels."""
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=subsampling)
    with Image.open(file) as opened:
        table = np.array(opened.quantization[0]).reshape(8, 8)
        opened.draft("YCbCr", None)
        pixels = np.asarray(opened)
    height, width = (-(-side // 8) * 8 for side in pixels.shape[:2])
    luma = np.pad(pixels[..., 0], ((0, height - pixels.shape[0]), (0, width - pixels.shape[1])), mode="edge")
    blocks = DCT @ (whole_blocks(luma.astype(np.float32), (0, 0)) - 128) @ DCT.T
    levels = np.rint(blocks / table).astype(np.int16).swapaxes(1, 2).reshape(height, width)
    return Coefficients([Component(levels, table)]), pixels


def saved(image: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90, 95, 98, 100])
def test_a_jpeg_that_was_coded_once_has_no_sign_of_another_coding(clean, quality, subsampling):
    assert coded_before(*coded(clean, quality, subsampling), "YCbCr").sure < 0.5


@pytest.mark.parametrize("quality", [20, 75, 85, 95, 100])
@pytest.mark.parametrize("kind", ["diffused dither", "ordered dither", "screentone", "line art", "chart", "pixel art"])
def test_a_drawing_that_was_coded_once_has_no_sign_of_another_coding(kind, quality):
    """Though its coefficients have few values at some frequencies, which look like combs."""
    for seed in range(2):
        drawing = KINDS[kind](np.random.default_rng((7_000_000, list(KINDS).index(kind), seed)))
        assert coded_before(*coded(drawing, quality), "YCbCr").sure < 0.5


@pytest.mark.parametrize(("first", "second"), [(20, 95), (20, 90), (50, 95), (75, 90), (75, 95), (85, 95)])
def test_an_earlier_coding_on_the_same_grid_is_found_with_its_quality(clean, first, second):
    found = coded_before(*coded(saved(clean, first), second), "YCbCr")
    assert found.sure > 0.5
    assert found.grid == (0, 0)
    assert found.quality == pytest.approx(first, abs=2)
    assert f"at quality {found.quality} or so, on the same grid" in found.reason


@pytest.mark.parametrize(("first", "second"), [(20, 95), (20, 90), (50, 95), (75, 95)])
@pytest.mark.parametrize("place", [(3, 6), (0, 5), (4, 0), (7, 7)])
def test_an_earlier_coding_on_another_grid_is_found_where_it_lies(clean, first, second, place):
    row, column = place
    cut = saved(clean, first)[row:, column:]
    found = coded_before(*coded(np.ascontiguousarray(cut), second), "YCbCr")
    assert found.sure > 0.5
    assert found.grid == (-row % 8, -column % 8)
    assert found.quality == pytest.approx(first, abs=3)


@pytest.mark.parametrize("number", [3, 10])
def test_many_codings_are_found(clean, number):
    rng = np.random.default_rng(number)
    for quality in rng.integers(30, 85, number - 1):
        clean = saved(clean, int(quality))
    assert coded_before(*coded(clean, 95), "YCbCr").sure > 0.5


def test_without_a_file_a_grid_in_the_pixels_is_the_sign(clean):
    assert coded_before(None, clean, "RGB").sure == 0
    found = coded_before(None, np.ascontiguousarray(saved(clean, 40)[2:, 3:]), "RGB")
    assert found.sure > 0.5
    assert found.grid == (6, 5)
    assert found.quality == pytest.approx(40, abs=4)


def test_what_is_too_small_or_flat_shows_nothing():
    for shape in ((8, 8, 3), (31, 300, 3), (64, 64, 3)):
        image = np.full(shape, 77, np.uint8)
        assert coded_before(None, image, "RGB").sure == 0
        assert coded_before(*coded(image, 90), "YCbCr").sure == 0


def test_combs_of_whole_numbers_are_found_and_smooth_histograms_are_none():
    rng = np.random.default_rng(0)
    table = np.full((8, 8), 3)
    values = rng.laplace(0, 40, (2000, 8, 8))
    assert find_comb(np.rint(values / 3).astype(int), table) is None
    assert find_comb(np.zeros((100, 8, 8), int), table) is None
    from artifix.jpeg.quantisation import quantisation_tables

    first = quantisation_tables()[29, 0].reshape(8, 8)
    comb = find_comb(np.rint(np.rint(values / first) * first / 3).astype(int), table)
    assert comb is not None
    assert comb.quality == 30
    assert comb.evidence > 1000
