import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from artifix.train.device_pairs import DevicePairs
from artifix.train.patches import Draws, PatchPairs
from artifix.train.recipe import DataRecipe

NUMBER = 24
HALVED = frozenset({1})


def both(photograph, recipe, channels):
    images = [photograph, np.ascontiguousarray(photograph[:70, ::-1])]
    workers = PatchPairs(images, recipe, channels, 3, NUMBER, HALVED)
    draws = Draws(images, recipe, 3, NUMBER, HALVED)
    on_device = DevicePairs(images, recipe, channels, "cpu", HALVED)(default_collate([draws[i] for i in range(NUMBER)]))
    return on_device, default_collate([workers[i] for i in range(NUMBER)])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shares", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0.5)])
def test_they_are_the_workers_pairs_but_for_a_grey_level_in_a_few_pixels(photograph, channels, shares):
    grey, shifted, twice = shares
    recipe = DataRecipe(patch=32, quality=(5, 95), full_chroma=0.5, grey=grey, shifted=shifted, twice=twice)
    (degraded, target, known, chroma), (wanted, wanted_target, *others) = both(photograph, recipe, channels)
    assert degraded.shape == target.shape == (NUMBER, channels, 32, 32)
    assert degraded.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(target, wanted_target, atol=1e-4, rtol=0)
    torch.testing.assert_close((known, chroma), tuple(others))
    off = (degraded - wanted).abs() * 127.5
    assert (off < 1.01).float().mean() > 0.99
    assert off.mean() < 0.05


def test_the_patch_need_not_fill_whole_blocks(photograph):
    recipe = DataRecipe(patch=40, quality=(30, 60))
    (degraded, *_), (wanted, *_) = both(photograph, recipe, 3)
    assert ((degraded - wanted).abs() * 127.5 < 1.01).float().mean() > 0.95


def test_colours_are_turned_alike(photograph):
    recipe = DataRecipe(patch=32, quality=(90, 90), grey=0, shifted=0, twice=0, coloured=1)
    (_, target, *_), (_, wanted, *_) = both(photograph, recipe, 3)
    off = (target - wanted).abs() * 127.5
    assert off.max() < 1.6  # a grey level, where it lay halfway between two
    assert off.mean() < 0.01
