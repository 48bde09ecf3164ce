import numpy as np
import pytest
from PIL import Image

from artifix.inspection.flatness import is_flat
from artifix.train.drawings import KINDS


@pytest.mark.parametrize("kind", ["sky", "logo", "chart"])
def test_drawings_of_flat_colours_and_skies_are_flat(kind):
    drawing = KINDS[kind](np.random.default_rng(5))
    assert is_flat(drawing, "RGB")
    assert is_flat(drawing.astype(np.uint16) * 257, "RGB")


def test_photographs_and_noise_are_not(photograph):
    assert not is_flat(photograph, "RGB")
    assert not is_flat(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8), "L")


def test_the_luma_decides_not_the_chroma(photograph):
    planes = np.array(Image.fromarray(photograph).convert("YCbCr"))
    planes[..., 1:] = 128
    assert not is_flat(planes, "YCbCr")
    planes[..., 0] = 90
    assert is_flat(planes, "YCbCr")


@pytest.mark.parametrize("shape", [(1, 1), (40, 1), (40, 1, 3)])
def test_without_neighbours_nothing_is_flat(shape):
    assert not is_flat(np.zeros(shape, np.uint8), "L" if len(shape) == 2 else "RGB")
