"""Research weights and recipes: found in a checkout and where they are installed, and named where they are not."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from artifix.errors import ModelError, RecipeError
from artifix.models import research
from artifix.models.catalog import MODELS, RESEARCH, model_names, read_card, read_model
from artifix.train.recipes import recipe_file, recipe_names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def no_checkout(monkeypatch, tmp_path):
    """As in an installed copy of artifix."""
    monkeypatch.setattr(research, "_CHECKOUT", tmp_path / "research")


@pytest.mark.parametrize("name", RESEARCH)
def test_a_checkout_has_every_one(name):
    assert read_card(name).name == name
    assert name in model_names()
    assert "mse-y-tanh" in recipe_names()


def test_they_are_not_in_the_package():
    weights = {file.stem for file in (ROOT / "src/artifix/models/weights").iterdir()}
    assert weights == MODELS.keys()
    assert not weights & RESEARCH.keys()


def test_an_installed_copy_says_what_is_missing(no_checkout):
    assert model_names() == list(MODELS)
    with pytest.raises(ModelError, match=r"^mse-y: is a research model, which the package artifix-research holds") as e:
        read_model("mse-y")
    assert "\n" not in str(e.value)
    assert "mse" in recipe_names()
    with pytest.raises(RecipeError, match="mse-y: no such recipe; choose one of faithful, "):
        recipe_file("mse-y")


def test_the_installed_distribution_is_found(no_checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "research"))
    assert read_card("ar-cnn").name == "ar-cnn"
    assert recipe_file("ar-cnn").is_file()


def test_altered_weights_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(research, "_CHECKOUT", tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "l4.safetensors").write_bytes(b"altered")
    with pytest.raises(ModelError, match="l4: the weights were altered, please install artifix-research again"):
        read_model("l4")


def test_both_wheels_hold_what_they_should(tmp_path):
    pytest.importorskip("hatchling")
    code = "import hatchling.build as b, sys; print(b.build_wheel(sys.argv[1]))"
    names = {}
    for folder in (ROOT, ROOT / "research"):
        command = [sys.executable, "-c", code, str(tmp_path)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        names[folder.name] = set(zipfile.ZipFile(tmp_path / done.stdout.split()[-1]).namelist())
    package, extra = names.values()
    assert {f"artifix/models/weights/{name}.safetensors" for name in MODELS} <= package
    assert "artifix/train/recipes/mse.toml" in package
    assert not any("artifix_research" in name for name in package)
    assert {f"artifix_research/weights/{name}.safetensors" for name in RESEARCH} <= extra
    assert "artifix_research/recipes/l8.toml" in extra
