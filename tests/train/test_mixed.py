import sys

import numpy as np
import pytest
from skimage import data

from artifix.codecs import encode
from artifix.color import from_batch, rgb_to_ycbcr
from artifix.errors import RecipeError
from artifix.train.batches import batches
from artifix.train.distributed import ALONE
from artifix.train.held_out import MIXED_QUALITIES, HeldOut
from artifix.train.mixed import MixedPairs, codecs_at_hand, coded_ycbcr, factor_of
from artifix.train.patches import CONTEXT, Pictures, margin_of
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe, recipe_from_dict

RECIPE = DataRecipe(codec="any", patch=32, batch=2)


@pytest.fixture(scope="module")
def picture():
    return np.ascontiguousarray(data.astronaut()[:200, 100:360])


def pairs(image, recipe=RECIPE, seed=0):
    return MixedPairs([image], recipe, seed, 50)


def one_codec(monkeypatch, codec):
    monkeypatch.setattr("artifix.train.mixed.codecs_at_hand", lambda: (codec,))


@pytest.fixture(params=codecs_at_hand())
def codec(request):
    return request.param


def test_number_i_is_the_same_in_any_order_and_differs_from_others(picture):
    forth = [pairs(picture)[i] for i in range(12)]
    back = [pairs(picture)[i] for i in reversed(range(12))][::-1]
    for (a, b, *_), (c, d, *_) in zip(forth, back, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)
    assert not np.array_equal(forth[0][1], forth[1][1])
    assert not np.array_equal(forth[0][1], pairs(picture, seed=1)[0][1])


def test_a_pair_is_a_patch_before_and_after_any_codec(picture, codec, monkeypatch):
    one_codec(monkeypatch, codec)
    recipe = DataRecipe(codec="any", patch=32, quality=(40, 40), full_chroma=0.5, grey=0.3, twice=0.3, shifted=0.5)
    for degraded, target, *_ in map(pairs(picture, recipe).__getitem__, range(12)):
        assert degraded.shape == target.shape == (3, 32, 32)
        assert degraded.dtype == target.dtype == np.float32
        assert np.abs(target).max() <= 1.01
        error = np.abs(degraded - target).mean() * 127.5
        assert 0 < error < 0.3 * np.abs(target - np.roll(target, 3, axis=2)).mean() * 127.5 + 2  # at the same place


def test_every_codec_at_hand_is_drawn(picture, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "artifix.train.mixed.coded_ycbcr",
        lambda image, codec, *_: (drawn.append(codec), coded_ycbcr(image, "jpeg", 50))[1],
    )
    for index in range(50):
        pairs(picture)[index]
    assert set(drawn) == set(codecs_at_hand())


def test_the_bits_are_those_of_jpeg(codec):
    photograph = data.astronaut()
    for quality in (10, 20, 60, 90):
        jpeg, other = (len(encode(photograph, used, quality=factor_of(used, quality))) for used in ("jpeg", codec))
        assert 0.5 < other / jpeg < 1.8  # of this picture, not of the mean


def test_worse_quality_is_worse(picture, codec):
    target = rgb_to_ycbcr(picture)
    errors = [np.mean((coded_ycbcr(picture, codec, quality) - target) ** 2) for quality in (5, 15, 40, 95)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 4 * errors[-1]


def test_grey_is_coded_as_grey(picture, codec, monkeypatch):
    one_codec(monkeypatch, codec)
    recipe = DataRecipe(codec="any", patch=32, quality=(30, 30), grey=1)
    for batch in pairs(picture, recipe)[0][:2]:
        assert np.allclose(from_batch(batch[None])[..., 1:], 128)


def test_twice_is_a_jpeg_before(picture, monkeypatch):
    one_codec(monkeypatch, "webp")
    once, twice = (
        DataRecipe(codec="any", patch=32, quality=(20, 20), grey=0, shifted=0, twice=share) for share in (0, 1)
    )
    errors = [
        np.mean([np.mean((a - b) ** 2) for a, b, *_ in map(pairs(picture, recipe).__getitem__, range(20))])
        for recipe in (once, twice)
    ]
    assert errors[1] > 1.1 * errors[0]


def test_a_picture_must_have_room_for_the_context(picture):
    side = margin_of(RECIPE)
    assert side >= RECIPE.patch + CONTEXT
    degraded, *_ = pairs(np.ascontiguousarray(picture[:side, :side]))[0]
    assert degraded.shape == (3, 32, 32)


def test_a_codec_that_is_not_installed_is_not_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert "hevc" not in codecs_at_hand()
    assert {"jpeg", "webp", "jpeg2000"} <= set(codecs_at_hand())


def test_batches_are_made_by_workers_and_in_colour_alone(picture):
    recipe = Recipe("small", data=RECIPE, optimiser=OptimiserRecipe(steps=1))
    pictures = Pictures([picture], [], [])

    def first(recipe, workers=0, on_device=False):
        return next(batches(recipe, pictures, 0, group=ALONE, device="cpu", workers=workers, on_device=on_device))

    for workers in (0, 1):
        degraded, target, *_ = first(recipe, workers)
        assert degraded.shape == target.shape == (2, 3, 32, 32)
        assert np.array_equal(degraded[1].numpy(), pairs(picture)[1][0])
    with pytest.raises(RecipeError, match=r'data\.codec: "any" is made by workers'):
        first(recipe, on_device=True)
    grey = recipe_from_dict(recipe.as_dict() | {"network": {"channels": 1}})
    with pytest.raises(RecipeError, match=r"data\.codec"):
        first(grey)


@pytest.mark.parametrize("quality", [(1, 50), (50, 100)])
def test_qualities_without_matching_factors_are_refused(quality):
    with pytest.raises(RecipeError, match=r'data\.quality .* within 5\.\.95 for codec = "any"'):
        DataRecipe(codec="any", quality=quality)


def test_held_out_pictures_are_judged_by_codec(picture):
    held_out = HeldOut([picture], 3, codec="any")
    assert set(held_out.degraded) == {f"{codec}_{q}" for codec in codecs_at_hand() for q in MIXED_QUALITIES}
    for codec in codecs_at_hand():
        low, high = (
            np.mean((held_out.degraded[f"{codec}_{q}"][0] - rgb_to_ycbcr(held_out.targets[0])) ** 2)
            for q in MIXED_QUALITIES
        )
        assert low > high > 0
