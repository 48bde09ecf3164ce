import numpy as np
import pytest

from artifix.color import from_batch, rgb_to_ycbcr
from artifix.errors import RecipeError
from artifix.train.batches import batches
from artifix.train.clips import ClipPairs, film_pair
from artifix.train.distributed import ALONE
from artifix.train.held_out import CRFS, PREFIX, HeldOut
from artifix.train.patches import Pictures
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe, recipe_from_dict

pytest.importorskip("av")

RECIPE = DataRecipe(codec="video", patch=48, batch=2, quality=(23, 40), quality_power=1, grey=0)


def pairs(image, recipe=RECIPE, seed=0):
    return ClipPairs([image], recipe, seed, 50)


def error(image, recipe):
    return np.mean([np.mean((a - b) ** 2) for a, b, *_ in map(pairs(image, recipe).__getitem__, range(12))])


def test_number_i_is_the_same_in_any_order_and_differs_from_others(photograph):
    forth = [pairs(photograph)[i] for i in range(4)]
    back = [pairs(photograph)[i] for i in reversed(range(4))][::-1]
    for (a, b, *_), (c, d, *_) in zip(forth, back, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)
    assert not np.array_equal(forth[0][1], forth[1][1])
    assert not np.array_equal(forth[0][1], pairs(photograph, seed=1)[0][1])


def test_a_pair_is_a_frame_before_and_after_coding(photograph):
    for index in range(8):
        degraded, target, *_ = pairs(photograph)[index]
        assert degraded.shape == target.shape == (3, 48, 48)
        assert degraded.dtype == target.dtype == np.float32
        assert np.abs(target).max() <= 1.01
        luma = np.corrcoef(degraded[0].ravel(), target[0].ravel())[0, 1]
        assert luma > 0.9  # the same frame, at the same place
        assert not np.array_equal(degraded, target)


def test_a_larger_factor_degrades_more(photograph):
    fine, coarse = (DataRecipe(codec="video", patch=48, quality=(crf, crf), grey=0) for crf in (20, 40))
    assert error(photograph, coarse) > 3 * error(photograph, fine)


def test_grey_films_have_neutral_chroma(photograph):
    recipe = DataRecipe(codec="video", patch=48, quality=(30, 30), grey=1)
    degraded, target = (from_batch(batch[None]) for batch in pairs(photograph, recipe)[0][:2])
    assert np.allclose(target[..., 1:], 128)
    assert np.abs(degraded[..., 1:] - 128).max() < 2


def test_batches_are_made_by_workers_and_in_colour_alone(photograph):
    recipe = Recipe("small", data=RECIPE, optimiser=OptimiserRecipe(steps=1))
    pictures = Pictures([photograph], [], [])

    def first(recipe, on_device=False):
        return next(batches(recipe, pictures, 0, group=ALONE, device="cpu", workers=0, on_device=on_device))

    degraded, target, *_ = first(recipe)
    assert degraded.shape == target.shape == (2, 3, 48, 48)
    assert np.array_equal(degraded[1].numpy(), pairs(photograph)[1][0])
    with pytest.raises(RecipeError, match=r"data\.codec"):
        first(recipe, on_device=True)
    grey = recipe_from_dict(recipe.as_dict() | {"network": {"channels": 1}})
    with pytest.raises(RecipeError, match=r"data\.codec"):
        first(grey)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"codec": "av1"}, r'data\.codec must be "jpeg", "any"'),
        ({"codec": "video", "quality": (23, 60)}, r"within 0\.\.51"),
    ],
)
def test_what_cannot_be_is_refused(values, message):
    with pytest.raises(RecipeError, match=message):
        DataRecipe(**values)


def test_the_held_out_frame_is_a_predicted_one_of_the_picture_itself(photograph):
    target, degraded = film_pair(photograph, 64, 30)
    assert target.shape == degraded.shape == (64, 64, 3)
    assert any(np.array_equal(target, photograph[16:80, x : x + 64]) for x in range(65))
    assert 1 < np.abs(degraded[..., 0] - rgb_to_ycbcr(target)[..., 0]).mean() < 12


def test_held_out_pictures_are_judged_as_films(photograph):
    held_out = HeldOut([photograph], 3, codec="video")
    assert list(held_out.degraded) == list(map(str, CRFS))
    noise = [np.mean((degraded[0] - rgb_to_ycbcr(held_out.targets[0])) ** 2) for degraded in held_out.degraded.values()]
    assert noise == sorted(noise, reverse=True)  # the worst first, which the strip shows
    assert PREFIX
