"""benchmarks/soup.py: the best mean of two models' weights."""

import ast
import sys

import numpy as np
import pytest

from artifix.image import write_image
from artifix.models.catalog import read_model
from artifix.models.generator import GeneratorConfig
from artifix.train.export import export
from artifix.train.loop import train
from artifix.train.patches import Pictures, is_held_out
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe


def test_the_share_with_the_highest_gain_is_written(program, photograph, tmp_path, monkeypatch, capsys):
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

    soup = program("soup")
    arguments = ["soup", tmp_path / "a.safetensors", tmp_path / "b.safetensors", "--training", tmp_path / "data"]
    arguments += ["--data", "two runs", "-o", tmp_path / "soup.safetensors"]
    monkeypatch.setattr(sys, "argv", [str(argument) for argument in arguments])
    soup.main()
    tried = {
        float(line.split()[0]): ast.literal_eval(line.split(" ", 1)[1])
        for line in capsys.readouterr().out.splitlines()[:5]
    }
    best = max(tried, key=lambda share: np.mean(list(tried[share].values())))
    model = read_model(tmp_path / "soup.safetensors")
    card = model.card
    assert card.figures == pytest.approx(tried[best], abs=6e-4)
    assert (card.summary, card.failures) == ("what for", "where badly")
    assert card.data.startswith(f"two runs; {1 - best:g} of the weights before the last 4 steps, {best:g} of those")
    weights = [read_model(tmp_path / f"{name}.safetensors").weights["up.weight"] for name in "ab"]
    mean = (1 - best) * weights[0] + best * weights[1]
    assert np.allclose(model.weights["up.weight"], mean, atol=1e-3)
