"""`artifix export` of models that there are, in each form."""

import json

import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.models.catalog import read_card, read_model
from artifix.models.tensor_file import unpack


def export(*arguments):
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_a_shipped_model_is_written_again(tmp_path):
    done = export("fast", "-o", tmp_path / "fast.safetensors")
    assert done.exit_code == 0, done.output
    assert read_model(tmp_path / "fast.safetensors").fingerprint == read_model("fast").fingerprint


def test_a_model_file_becomes_onnx_of_rgb(make_model, tmp_path):
    onnx = pytest.importorskip("onnx")
    done = export(make_model(), "-o", tmp_path / "a.onnx", "--rgb")
    assert done.exit_code == 0, done.output
    made = onnx.load(tmp_path / "a.onnx")
    assert [end.name for end in (*made.graph.input, *made.graph.output)] == ["input", "output"]


def test_for_spandrel_the_card_is_a_tensor_too(make_model, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = make_model()
    done = export(path, "-o", tmp_path / "a.safetensors", "--spandrel")
    assert done.exit_code == 0, done.output
    tensors = safetensors.load_file(tmp_path / "a.safetensors")
    assert json.loads(bytes(tensors.pop("artifix.card"))) == json.loads(read_card(path).to_json())
    assert set(tensors) == set(unpack(path.read_bytes())[0])


def test_a_models_card_is_its_own(tmp_path):
    done = export("fast", "-o", tmp_path / "fast.safetensors", "--summary", "mine")
    assert done.exit_code == 2
    assert "for checkpoints" in done.output
    assert not list(tmp_path.iterdir())
