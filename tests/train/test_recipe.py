import msgspec
import pytest

from artifix.errors import RecipeError
from artifix.models.networks import NETWORKS
from artifix.models.networks.generator import GeneratorConfig
from artifix.train.recipe import LossRecipe, Recipe, load_recipe, recipe_from_dict
from artifix.train.recipes import recipe_file, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_of_ours_loads_and_is_named_after_its_file(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe_from_dict(recipe.as_dict()) == recipe
    assert recipe_from_dict(msgspec.json.decode(msgspec.json.encode(recipe.as_dict()))) == recipe


def test_a_path_is_a_recipe_too_and_another_name_is_not(tmp_path):
    (tmp_path / "mine.toml").write_text(recipe_file("mse").read_text())
    assert load_recipe(tmp_path / "mine.toml") == load_recipe("mse")
    with pytest.raises(
        RecipeError, match=r"^ms: no such recipe; choose one of faithful, .*mse, .* the path of a \.toml file"
    ):
        load_recipe("ms")
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe("../recipes/mse")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'a'\nsteps = 3", "unknown key steps"),
        ("name = 'a'\n[optimiser]\nlearning_rat = 3", "unknown key optimiser.learning_rat.*optimiser.learning_rate"),
        ("name = 'a'\n[optimiser]\nwarmup = -1", "optimiser.warmup: expected int >= 0"),
        ("name = 'a'\n[optimiser]\nsteps = 100.5", "optimiser.steps: expected int, got float"),
        ("name = 'a'\n[optimiser]\nint8 = 'no'", "optimiser.int8: expected bool, got str"),
        ("name = 'a'\n[optimiser]\nlearning_rate = nan", "optimiser.learning_rate: expected float > 0"),
        ("name = 'a'\n[discriminator]\nfull_patch = 'no'", "discriminator.full_patch: expected bool, got str"),
        ("name = 'a'\n[data]\nquality = [10, '20']", r"data.quality\[1\]: expected int, got str"),
        ("name = 'a'\n[data]\nquality = [10, 20, 30]", "data.quality: expected array of length 2, got 3"),
        ("name = 'a'\n[data]\ncodec = 2026-01-01", "data.codec: expected str, got date"),
        ("name = 'a'\n[network]\nfeatures = 8.5", "network.features: expected int, got float"),
        ("name = 3", "name: expected str, got int"),
        ("name = 'a'\nseed = -1", "seed: expected int >= 0"),
        ("name = 'a'\n[optimiser]\nclip = -0.1", "optimiser.clip"),
        ("name = 'a'\n[optimiser]\nbeta2 = 1.0", "optimiser.beta2"),
        ("name = 'a'\n[optimiser]\nkind = 'sgd'", "optimiser.kind: invalid enum value 'sgd'; choose one of adam, muon"),
        ("name = 'a'\n[data]\nquality = [20, 10]", "data.quality"),
        ("name = 'a'\n[data]\nquality = [0, 10]", "data.quality"),
        ("name = 'a'\n[data]\nquality_power = 0", "data.quality_power"),
        ("name = 'a'\n[data]\ngrey = 1.5", "data.grey"),
        ("name = 'a'\n[loss]\nmse = 0", "every loss weight is 0"),
        ("name = 'a'\n[perceptual]\nlayers = {conv6_1 = 1}", "VGG19 has no conv6_1; it has conv1_1, "),
        ("name = 'a'\n[perceptual]\nlayers = {}", "names no layer"),
        (
            "name = 'a'\n[perceptual]\npooling = 'median'",
            "perceptual.pooling: invalid enum value 'median'; choose one of max, average",
        ),
        ("name = 'a'\n[discriminator]\nreal_label = 0.1", "discriminator.real_label"),
        ("name = 'a'\n[discriminator]\nlearning_rate = 0", "discriminator.learning_rate"),
        ("name = 'a'\n[loss]\nadversarial = 1\n[data]\npatch = 40", "multiple of 16"),
        (
            "name = 'a'\n[loss]\nadversarial = 1\n[data]\npatch = 48\n[discriminator]\nfull_patch = true",
            "data.patch must be .* at least 53",
        ),
        ("name = 'a'\n[network]\nchannels = 2", "channels must be 1"),
        (
            "name = 'a'\n[network]\nkind = 'srcnn'",
            "network.kind: there is no 'srcnn' network; choose one of ar-cnn, dncnn, generator",
        ),
        ("name = 'a'\n[network]\nkind = 3", "network.kind: there is no 3 network"),
        ("name = 'a'\n[network]\nkind = 'l8'\nblocks = 3", "unknown key network.blocks"),
        ("name = 'a'\n[network]\nkind = 'dncnn'\ndepth = 1", "depth within 2..128"),
        ("name = 'a'\nnetwork = 3", r"\[network\] must be a table"),
        ("seed = 3", "lacks a name"),
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
