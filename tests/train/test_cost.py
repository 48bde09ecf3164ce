"""benchmarks/training.py, which times a step of each recipe."""

import importlib
from pathlib import Path

import pytest

from artifix.models.generator import GeneratorConfig
from artifix.train.patches import Pictures
from artifix.train.recipe import DataRecipe, LossRecipe, OptimiserRecipe, Recipe


@pytest.mark.parametrize("loss", [LossRecipe(mse=1.0), LossRecipe(distilled=1.0)], ids=["plain", "taught"])
def test_a_recipe_is_timed_whether_or_not_it_learns_from_a_model(photograph, make_model, monkeypatch, loss):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    recipe = Recipe(
        "small",
        network=GeneratorConfig(channels=3, features=4, blocks=1),
        data=DataRecipe(patch=32, batch=2),
        loss=loss,
        optimiser=OptimiserRecipe(steps=500),
    )
    pictures = Pictures([photograph], [], [])
    values = importlib.import_module("training").cost(recipe, pictures, 2, "cpu", None, make_model())
    assert values["seconds_per_step"] > 0
    assert (values["timed"], values["batch"], values["patch"], values["steps"]) == (2, 2, 32, 500)
