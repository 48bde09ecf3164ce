"""A checkpoint as a model of ours, and as ONNX for other programs."""

import numpy as np
import pytest

from artifix.engines.engine import load_engine
from artifix.errors import ModelError
from artifix.models.catalog import read_model
from artifix.models.networks.unet import UNetConfig
from artifix.train.checkpoint import load_average
from artifix.train.export import export
from artifix.train.loop import train
from artifix.train.patches import Pictures
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe

UNET = UNetConfig(maps=(4, 4, 4, 4), down=(1, 0, 0), bottom=1, up=(0, 0, 1), told=4)
RECIPE = Recipe(
    "small",
    network=UNET,
    data=DataRecipe(patch=32, batch=1),
    optimiser=OptimiserRecipe(steps=3, learning_rate=1e-2, warmup=0),
)


@pytest.fixture(scope="module")
def checkpoint(photograph, tmp_path_factory):
    pictures = Pictures([photograph], [photograph[:64, :64]], [])
    return train(RECIPE, pictures, tmp_path_factory.mktemp("run"), workers=0)


def test_a_model_has_the_averaged_weights_and_the_networks_card(checkpoint, tmp_path):
    card = export(checkpoint, tmp_path / "small.safetensors", data="a photograph")
    model = read_model(tmp_path / "small.safetensors")
    assert model.card.to_json() == card.to_json()
    assert (card.network, card.steps, card.data) == ("unet", 3, "a photograph")
    assert model.description == UNET.description
    for name, value in load_average(checkpoint).items():
        np.testing.assert_array_equal(model.weights[name], value.numpy().astype(np.float16))


def test_another_program_computes_what_our_engines_do(checkpoint, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    for suffix in ("safetensors", "onnx"):
        export(checkpoint, tmp_path / f"small.{suffix}")
    session = onnxruntime.InferenceSession((tmp_path / "small.onnx").read_bytes())
    rng = np.random.default_rng(0)
    batch, known = (rng.uniform(-1, 1, shape).astype(np.float32) for shape in ((1, 3, 32, 64), (1, 144)))
    (found,) = session.run(None, {"picture": batch, "known": known})
    expected = load_engine(tmp_path / "small.safetensors", "openvino", "fp32")(batch, known=known)
    assert np.abs(expected - batch).max() > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_it_refuses(checkpoint, tmp_path):
    with pytest.raises(ModelError, match=r"ends in \.safetensors, or for other programs in \.onnx"):
        export(checkpoint, tmp_path / "small.pt")
    with pytest.raises(ModelError, match="no checkpoint in it"):
        export(tmp_path, tmp_path / "small.onnx")


def test_a_checkpoint_whose_weights_are_of_another_network_is_one_line(checkpoint, tmp_path):
    state = (checkpoint / "state.json").read_text(encoding="utf-8")
    (tmp_path / "state.json").write_text(state.replace('"told": 4', '"told": 5'), encoding="utf-8")
    (tmp_path / "generator.safetensors").write_bytes((checkpoint / "generator.safetensors").read_bytes())
    with pytest.raises(ModelError, match="weights do not fit") as told:
        export(tmp_path, tmp_path / "small.safetensors")
    assert "\n" not in str(told.value)
