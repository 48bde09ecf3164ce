import json
import threading

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.image import read_image
from artifix.models.catalog import DEFAULT
from artifix.restoration import Restorer, load_restorer

NAMES = {
    "a.jpg": DEFAULT,
    "b.webp": "mse-any",
    "c.avif": "mse-any",
    "d.png": DEFAULT,
    "e.jp2": "mse",
    "f.webp": DEFAULT,
}
OPTIONS = {
    "e.jp2": {"irreversible": True, "quality_mode": "rates", "quality_layers": [10]},
    "f.webp": {"lossless": True},
}


@pytest.fixture
def folder(photograph, tmp_path):
    (tmp_path / "in").mkdir()
    for name in NAMES:
        Image.fromarray(photograph).save(tmp_path / "in" / name, **OPTIONS.get(name, {}))
    return tmp_path / "in"


def models(records):
    return {record.input.rsplit("/", 1)[-1]: record.model for record in records}


def test_a_format_has_its_model_and_its_record_names_it(folder, tmp_path, mixed_model):
    restorer = Restorer(strength=0.6, force=True)
    assert models(restorer.restore_folder(folder, tmp_path / "out", suffix=".png")) == NAMES
    expected = Restorer(mixed_model, strength=0.6, force=True)
    expected.restore_file(folder / "b.webp", tmp_path / "b.png")
    assert np.array_equal(read_image(tmp_path / "out" / "b.png"), read_image(tmp_path / "b.png"))


def test_without_that_model_and_where_one_is_named_all_is_as_before(folder, tmp_path, make_model, request):
    usual = Restorer(force=True).restore_folder(folder, tmp_path / "usual", suffix=".png")
    assert models(usual) == {name: "mse" if name == "e.jp2" else DEFAULT for name in NAMES}
    request.getfixturevalue("mixed_model")
    named = load_restorer("mse", force=True).restore_folder(folder, tmp_path / "named", suffix=".png")
    assert set(models(named).values()) == {"mse"}
    own = Restorer(make_model(), force=True).restore_file(folder / "b.webp", tmp_path / "own.png")
    assert own.model == str(make_model())


def test_a_model_is_loaded_once_and_only_when_it_is_needed(folder, tmp_path, mixed_model, monkeypatch):
    loaded = []
    from artifix.engines import loaded as module

    load = module.load_engine
    monkeypatch.setattr(
        module, "load_engine", lambda model, *options: (loaded.append(model.card.name), load(model, *options))[1]
    )
    restorer = Restorer()
    assert loaded == []
    restorer.restore_file(folder / "a.jpg", tmp_path / "a.png")
    assert loaded == [DEFAULT]
    threads = [
        threading.Thread(target=restorer.restore_file, args=(folder / "b.webp", tmp_path / f"b{n}.png"))
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == [DEFAULT, "small"]


def test_the_command_says_which_model_it_used(folder, tmp_path, mixed_model):
    command = ["restore", str(folder), "-o", str(tmp_path / "out"), "--suffix", ".png", "--force", "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["input"].rsplit("/", 1)[-1]: record["model"] for record in records} == NAMES
