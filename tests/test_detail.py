"""The programs that measure and show faithful and vivid models, and that time their training, on small pictures."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from artifix.codecs import degrade
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.results import open_results
from artifix.train.patches import Pictures, is_held_out
from artifix.train.recipe import load_recipe

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folders(photograph, tmp_path):
    """Two pictures to measure; and a folder to learn from, of which two more are held out."""
    for folder in ("known", "training/below"):
        (tmp_path / folder).mkdir(parents=True)
    for number in range(2):
        Image.fromarray(photograph[8 * number :]).save(tmp_path / "known" / f"{number}.png")
    names = [f"{number}.png" for number in range(200)]
    kept = [name for name in names if is_held_out(Path(name))][:2]
    for name in [*kept, next(name for name in names if name not in kept and not is_held_out(Path(name)))]:
        Image.fromarray(photograph[:, ::-1]).save(tmp_path / "training" / "below" / name)
    (tmp_path / "training" / "notes.txt").write_text("no picture")
    return tmp_path / "known", tmp_path / "training", kept


def test_known_and_held_out_pictures_are_measured_and_the_table_says_so(
    program, folders, make_model, change_model, tmp_path, monkeypatch
):
    pytest.importorskip("ssimulacra2")
    known, training, kept = folders
    change_model(make_model(), tmp_path / "vivid.safetensors", lambda name, values: values * 1.05)
    gan = program("gan")
    monkeypatch.setattr(gan, "METRICS", ("ssimulacra2", "texture", "mosquito"))  # VGG19 is large
    ends = ["--faithful", make_model(), "--vivid", tmp_path / "vivid.safetensors", "--detail", 0.5]
    arguments = ["--data", known, "--training", training, "--model", f"jpeg,{make_model()}", *ends]
    monkeypatch.setattr(
        sys, "argv", ["gan", *map(str, arguments), "--quality", "10", "--json", str(tmp_path / "g.json")]
    )
    gan.main()
    results = open_results(tmp_path / "g.json", "colour")
    assert {name: measured.images for name, measured in results.datasets.items()} == {"known": 2, "held-out": 2}
    assert {key[1] for key in results.records if key[0] == "held-out"} == set(kept)
    rows = ["jpeg", make_model().stem, "detail 0.5, weights", "detail 0.5, outputs"]
    assert [mean.row for mean in results.means()] == rows * 2
    for mean in results.means():
        assert all(mean.figures[name] > 0 for name in ("texture", "mosquito"))
        assert "ssimulacra2" in mean.figures
    table = program("readme").gan(tmp_path / "g.json")
    for text in ("### held-out, colour: 2 pictures", "| Texture (1 is right) | 10 |", "| detail 0.5, weights | "):
        assert text in table
    assert "VGG19" not in table


def test_pictures_of_one_name_are_held_out_once(program, folders, photograph, tmp_path):
    _, training, kept = folders
    Image.fromarray(photograph).save(training / kept[0])
    dataset = program("gan").held_out([training])
    assert sorted(path.name for path in dataset.paths) == sorted(kept)
    assert not dataset.exact
    with pytest.raises(SystemExit, match="held out"):
        program("gan").held_out([tmp_path / "known"])
    assert load_dataset(training / "below").fingerprint != dataset.fingerprint


def test_crops_stand_at_one_pixel_for_one(program):
    crops = program("crops")
    darker = Method("darker", lambda degraded, file: degraded - np.minimum(degraded, 9))
    grid = crops.grid([JPEG, darker], 10)
    side, gap = crops.SIDE, crops.GAP
    assert grid.shape == (crops.BAND + gap + len(crops.CROPS) * (side + gap), 3 * side + 2 * gap, 3)
    for row, (sample, top, left) in enumerate(crops.CROPS.values()):
        target = getattr(data, sample)()
        window = slice(top, top + side), slice(left, left + side)
        y = crops.BAND + gap + row * (side + gap)
        columns = [grid[y : y + side, x : x + side] for x in (0, side + gap, 2 * (side + gap))]
        degraded = degrade(target, quality=10)
        for column, image in zip(columns, (degraded, degraded - np.minimum(degraded, 9), target), strict=True):
            part = image[window]
            np.testing.assert_array_equal(column, part if part.ndim == 3 else part[..., None].repeat(3, axis=2))
    band = grid[: crops.BAND]
    assert band.min() < 100  # words
    np.testing.assert_array_equal(band[:, -1], 255)


@pytest.mark.parametrize("loss", ["mse", "distilled"])
def test_a_step_is_timed_and_its_table_made(program, photograph, make_model, tmp_path, loss):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        'name = "tiny"\nnetwork = { features = 4, blocks = 1 }\n'
        f"data = {{ patch = 16, batch = 2 }}\nloss = {{ {loss} = 1.0 }}\n"
    )
    training = program("training")
    pictures = Pictures([photograph], [photograph], [])
    values = training.cost(load_recipe(recipe), pictures, 2, "cpu", None, make_model())
    assert 0 < values["seconds_per_step"] < 10
    assert (values["timed"], values["batch"], values["patch"], values["channels"]) == (2, 2, 16, 3)
    training.add_results(tmp_path / "t.json", "tiny cpu", values)
    values |= {"seconds_per_step": 0.5, "steps": 7200, "machine": {"cpu": "Abacus", "cores": 2}}
    training.add_results(tmp_path / "t.json", "large cpu", values)
    assert len(json.loads((tmp_path / "t.json").read_text())) == 2
    lines = program("readme").training(tmp_path / "t.json").splitlines()
    assert lines[3] == "| `large` | 2 of 16x16, colour | Abacus, 2 cores | 0.500 s | 1.0 h for 7,200 steps |"


def test_what_is_not_measured_is_said(program, tmp_path, monkeypatch):
    readme = program("readme")
    monkeypatch.setattr(readme, "RESULTS", tmp_path)
    text = "# A\n\n<!-- training -->\n| old |\n<!-- /training -->\n"
    assert readme.filled(text) == "# A\n\n<!-- training -->\nNot measured yet.\n<!-- /training -->\n"
