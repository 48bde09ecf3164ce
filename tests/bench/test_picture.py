import numpy as np
import pytest
from skimage import data

from artifix.bench.picture import dead_leaves, sides
from artifix.codecs import encode


@pytest.mark.parametrize("quality", [30, 95])
def test_it_takes_about_as_many_bits_as_a_photograph(quality):
    photograph = data.astronaut()
    leaves = dead_leaves(*photograph.shape[:2])
    assert leaves.shape == photograph.shape
    ours, theirs = (len(encode(image, quality=quality)) for image in (leaves, photograph))
    assert 0.7 < ours / theirs < 1.5


def test_it_is_the_same_picture_each_time_and_repeats_itself():
    picture = dead_leaves(1030, 2050)
    assert (picture[:6] == picture[1024:]).all()
    assert (picture[:, 1024:2048] == dead_leaves(1030, 1024)).all()
    assert picture.dtype == np.uint8


@pytest.mark.parametrize(("megapixels", "expected"), [(12, (3000, 4000)), (0.03, (150, 200)), (1e-6, (1, 1))])
def test_sides(megapixels, expected):
    assert sides(megapixels) == expected
