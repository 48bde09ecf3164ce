"""The best mean of two models' weights."""

import numpy as np
import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.image import write_image
from artifix.models.catalog import read_model
from artifix.models.networks.generator import GeneratorConfig
from artifix.train.average import average_models
from artifix.train.export import export
from artifix.train.loop import train
from artifix.train.patches import Pictures, is_held_out
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe


@pytest.fixture
def runs(photograph, tmp_path):
    """Two models, b trained on from a, and a folder of pictures of which one is held out."""
    recipe = Recipe(
        "small",
        network=GeneratorConfig(channels=3, features=8, blocks=1),
        data=DataRecipe(patch=32, batch=2),
        optimiser=OptimiserRecipe(steps=4, learning_rate=1e-3, warmup=1, average=0.5),
    )
    pictures = Pictures([photograph], [photograph], [])
    train(recipe, pictures, tmp_path / "a", workers=0)
    export(tmp_path / "a", tmp_path / "a.safetensors", summary="what for", failures="where badly")
    train(recipe, pictures, tmp_path / "b", workers=0, start=tmp_path / "a.safetensors")
    export(tmp_path / "b", tmp_path / "b.safetensors")
    names = (f"{number}.png" for number in range(1000))
    name = next(name for name in names if is_held_out(tmp_path / name))
    (tmp_path / "data").mkdir()
    write_image(tmp_path / "data" / name, photograph)
    write_image(tmp_path / "data" / "x.png", photograph[::-1])
    return tmp_path


def test_the_share_with_the_highest_gain_is_written(runs):
    tried = {}
    best, card = average_models(
        runs / "a.safetensors",
        runs / "b.safetensors",
        [runs / "data"],
        runs / "mean.safetensors",
        origin="two runs",
        report=lambda share, gains: tried.update({share: gains}),
    )
    assert list(tried) == [0, 0.25, 0.5, 0.75, 1]
    assert best == max(tried, key=lambda share: np.mean(list(tried[share].values())))
    model = read_model(runs / "mean.safetensors")
    assert model.card == card
    assert card.figures == pytest.approx(tried[best], abs=6e-4)
    assert (card.summary, card.failures) == ("what for", "where badly")
    assert card.data.startswith(f"two runs; {1 - best:g} of the weights before the last 4 steps, {best:g} of those")
    weights = [read_model(runs / f"{name}.safetensors").weights["up.weight"] for name in "ab"]
    mean = (1 - best) * weights[0] + best * weights[1]
    assert np.allclose(model.weights["up.weight"], mean, atol=1e-3)


def test_the_command_tries_the_shares_it_is_given(runs):
    models = [str(runs / f"{name}.safetensors") for name in "ab"]
    command = ["average", *models, "--data", str(runs / "data"), "-o", str(runs / "m.safetensors"), "--share", "0.3"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"m.safetensors: 0.3 of {models[1]}; 10 " in done.stdout
    assert CliRunner().invoke(app, command).exit_code == 1  # the output exists
    nothing = runs / "nothing"
    nothing.mkdir()
    write_image(nothing / "x.png", np.zeros((200, 200, 3), np.uint8))
    done = CliRunner().invoke(app, [*command[:4], str(nothing), "-o", str(runs / "n.safetensors")])
    assert "held out" in str(done.exception)
    assert not (runs / "n.safetensors").exists()
