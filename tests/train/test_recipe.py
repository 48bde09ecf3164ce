from pathlib import Path

import pytest

from artifix.errors import RecipeError
from artifix.models.generator import GeneratorConfig
from artifix.models.networks import NETWORKS
from artifix.train.recipe import LossRecipe, Recipe, load_recipe, recipe_from_dict

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_ours_loads_and_is_named_after_its_file(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe_from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'a'\nsteps = 3", "unknown key steps"),
        ("name = 'a'\n[optimiser]\nlearning_rat = 3", "unknown key optimiser.learning_rat.*optimiser.learning_rate"),
        ("name = 'a'\n[optimiser]\nwarmup = -1", "optimiser.warmup"),
        ("name = 'a'\n[optimiser]\nclip = -0.1", "optimiser.clip"),
        ("name = 'a'\n[optimiser]\nbeta2 = 1.0", "optimiser.beta2"),
        ("name = 'a'\n[optimiser]\nkind = 'sgd'", 'optimiser.kind must be "adam" or "muon"'),
        ("name = 'a'\n[data]\nquality = [20, 10]", "data.quality"),
        ("name = 'a'\n[data]\nquality = [0, 10]", "data.quality"),
        ("name = 'a'\n[data]\nquality_power = 0", "data.quality_power"),
        ("name = 'a'\n[data]\ngrey = 1.5", "data.grey"),
        ("name = 'a'\n[loss]\nmse = 0", "every loss weight is 0"),
        ("name = 'a'\n[perceptual]\nlayers = {conv6_1 = 1}", "VGG19 has no conv6_1; it has conv1_1, "),
        ("name = 'a'\n[perceptual]\nlayers = {}", "names no layer"),
        ("name = 'a'\n[perceptual]\npooling = 'median'", 'perceptual.pooling must be "max" or "average"'),
        ("name = 'a'\n[discriminator]\nreal_label = 0.1", "discriminator.real_label"),
        ("name = 'a'\n[discriminator]\nlearning_rate = 0", "discriminator.features and .learning_rate"),
        ("name = 'a'\n[loss]\nadversarial = 1\n[data]\npatch = 40", "multiple of 16"),
        (
            "name = 'a'\n[loss]\nadversarial = 1\n[data]\npatch = 48\n[discriminator]\nfull_patch = true",
            "data.patch must be .* at least 53",
        ),
        ("name = 'a'\n[network]\nchannels = 2", "channels must be 1"),
        (
            "name = 'a'\n[network]\nkind = 'srcnn'",
            "network.kind: there is no 'srcnn' network; known are generator, ar-cnn",
        ),
        ("name = 'a'\n[network]\nkind = 3", "network.kind: there is no 3 network"),
        ("name = 'a'\n[network]\nkind = 'l8'\nblocks = 3", "unknown key network.blocks"),
        ("name = 'a'\n[network]\nkind = 'dncnn'\ndepth = 1", "depth within 2..128"),
        ("name = 'a'\nnetwork = 3", r"\[network\] must be a table"),
        ("seed = 3", "name"),
        ("name = ", "recipe.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_recipe_says_which_kind_of_network_it_trains(kind):
    recipe = recipe_from_dict({"name": "a", "network": {"kind": kind, "channels": 1}})
    assert recipe.network == NETWORKS[kind](channels=1)
    assert recipe.as_dict()["network"]["kind"] == kind
    assert recipe_from_dict(recipe.as_dict()) == recipe


def test_a_network_of_no_kind_is_the_generator_as_in_older_checkpoints():
    assert recipe_from_dict({"name": "a", "network": {"blocks": 2}}).network == GeneratorConfig(blocks=2)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"none\.toml: No such file"):
        load_recipe(tmp_path / "none.toml")


def test_defaults_are_the_papers():
    recipe = Recipe("paper")
    assert (recipe.data.patch, recipe.data.batch, recipe.optimiser.steps) == (128, 16, 70_000)
    assert (recipe.optimiser.learning_rate, recipe.optimiser.beta1) == (1e-4, 0.9)
    assert recipe.loss == LossRecipe(mse=1.0)
    assert recipe.perceptual.layers == {"conv5_3": 1.0}
    assert (recipe.discriminator.features, recipe.discriminator.full_patch) == (32, False)
