"""Each engine's form of a network computes what torch's does, and a trimmed tile what the whole picture has there."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.engines import onnx_graph, onnxruntime_engine, openvino_engine, torch_engine
from artifix.engines.core import openvino_core
from artifix.engines.engine import load_engine
from artifix.engines.int8 import rounded_layers
from artifix.engines.observe import observe
from artifix.engines.openvino_graph import build
from artifix.engines.run import WHOLE
from artifix.engines.trimming import cuts
from artifix.models.known import KNOWN_SIZE
from artifix.models.layers import Conv
from artifix.models.model import card_of
from artifix.models.networks import NETWORKS
from artifix.models.networks.dncnn import DnCnnConfig
from artifix.models.networks.generator import GeneratorConfig
from artifix.models.networks.svoboda import L8Config
from artifix.models.networks.told import ToldConfig
from artifix.models.networks.unet import UNetConfig
from artifix.models.torch_network import TorchNetwork
from artifix.restoration.tiling import plan
from artifix.train.export import in_half_precision

CONFIGS = {
    "unet": UNetConfig(maps=(8, 8, 16, 16), down=(1, 1, 1), bottom=1, up=(1, 1, 1), told=8),
    "unet-y": UNetConfig(channels=1, maps=(8, 8, 8, 8), down=(0, 1, 0), bottom=0, up=(1, 0, 2), told=0),
    "told": ToldConfig(features=8, blocks=5, early=2, quarter=8, eighth=16, deep=1, told=8),
    "generator": GeneratorConfig(features=8, blocks=7),
    "tanh": GeneratorConfig(channels=1, features=4, blocks=3, residual=False),
    "dncnn": DnCnnConfig(features=8, depth=20),
    "l8": L8Config(),
}
CONFIGS |= {kind: config() for kind, config in NETWORKS.items() if config not in map(type, CONFIGS.values())}
KNOWN = np.random.default_rng(5).uniform(0, 1, (1, KNOWN_SIZE)).astype(np.float32)


@cache
def model_of(name):
    """Random weights that do something everywhere."""
    config = CONFIGS[name]
    torch.manual_seed(1)
    network = TorchNetwork(config.description)
    for layer in config.description.layers:
        if isinstance(layer, Conv):
            torch.nn.init.kaiming_normal_(network.get_parameter(f"{layer.name}.weight"), a=1)
    for weight, value in network.named_parameters():
        if weight.endswith("bias") or "told" in weight:
            torch.nn.init.normal_(value, std=0.1)
    return in_half_precision(card_of(config, name), network.state_dict())


@cache
def loaded(name, precision="fp32"):
    return openvino_engine.load(model_of(name), precision, None)


def batch_of(name, height, width, seed=0):
    shape = 1, CONFIGS[name].channels, height, width
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def told(name):
    return KNOWN[:, : CONFIGS[name].description.known]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("engine", [openvino_engine, onnxruntime_engine], ids=["openvino", "onnxruntime"])
def test_engines_agree_with_torch(name, engine):
    if engine is onnxruntime_engine:
        pytest.importorskip("onnxruntime")
    batch = batch_of(name, 48, 80)
    expected = torch_engine.load(model_of(name), "fp32", None).run(batch, WHOLE, told(name))
    found = engine.load(model_of(name), "fp32", None).run(batch, WHOLE, told(name))
    scale = np.abs(expected).max()
    assert scale > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5 * scale)


def test_a_network_is_told_or_told_nothing(tmp_path):
    path = tmp_path / "unet.safetensors"
    path.write_bytes(model_of("unet").to_bytes())
    batch = batch_of("unet", 32, 32)
    for name in ("openvino", "torch"):
        engine = load_engine(path, name, "fp32")
        nothing = engine(batch).copy()
        np.testing.assert_array_equal(engine(batch, known=np.zeros_like(KNOWN)), nothing)
        assert np.abs(engine(batch, known=KNOWN) - nothing).max() > 1e-3


def test_a_network_that_is_told_nothing_does_not_mind(make_model):
    engine = load_engine(make_model(), "openvino", "fp32")
    batch = batch_of("generator", 16, 16)
    np.testing.assert_array_equal(engine(batch, known=KNOWN), engine(batch).copy())


@pytest.mark.parametrize("told_at_all", [True, False])
def test_an_onnx_file_has_a_second_input_or_is_told_nothing(told_at_all):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(onnx_graph.to_onnx(model_of("unet"), told=told_at_all))
    assert [each.name for each in session.get_inputs()] == ["picture", *(["known"] if told_at_all else [])]
    batch = batch_of("unet", 32, 48)
    known = {"known": np.zeros_like(KNOWN)} if told_at_all else {}
    (found,) = session.run(None, {"picture": batch} | known)
    expected = loaded("unet").run(batch, WHOLE, np.zeros_like(KNOWN))
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["unet", "told", "generator", "tanh", "dncnn"])
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_trimmed_tiles_equal_the_whole_picture(name, data):
    described = model_of(name).description
    run, _, trim = loaded(name)
    assert 0 < trim <= described.radius
    grid, halo = described.multiple, -(-described.radius // described.multiple) * described.multiple
    most = (4 * halo + 6 * grid) // grid
    height, width = (grid * data.draw(st.integers(1, most)) for _ in range(2))
    least = (2 * halo + grid) ** 2
    max_pixels = data.draw(st.integers(least, 4 * least))
    batch = batch_of(name, height, width, data.draw(st.integers(0, 9)))
    whole, joined = run(batch, WHOLE, told(name)).copy(), np.full_like(batch, np.nan)
    for rows, columns in plan(height, width, radius=described.radius, multiple=grid, max_pixels=max_pixels):
        tile = np.ascontiguousarray(batch[:, :, rows.start : rows.stop, columns.start : columns.stop])
        inside = rows.begins_inside, columns.begins_inside, rows.ends_inside, columns.ends_inside
        made = run(tile, inside, told(name))[..., rows.kept(trim), columns.kept(trim)]
        joined[..., rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] = made
    np.testing.assert_allclose(joined, whole, atol=1e-5 * np.abs(whole).max())


def test_cuts_are_no_wider_than_what_is_wrong_and_lie_on_the_grid_to_come():
    for config in (*CONFIGS.values(), UNetConfig(), ToldConfig(), GeneratorConfig()):
        described = config.description
        scales = [described.shapes[layer.name].scale for layer in described.layers]
        for number, layer in enumerate(described.layers):
            lost = cuts(described).get(layer.name, 0)
            assert lost <= described.reaches[layer.name]
            assert all((lost * scale).denominator == 1 for scale in scales[number:])
    assert cuts(GeneratorConfig().description) == {f"body.{n}.conv2": 4 * (n + 1) for n in range(2, 15, 3)}


def test_int8_of_a_network_that_shuffles_stays_close_to_fp32():
    """With ranges that hold all of its values; and its convolutions between maps compute in bytes."""
    model, batch = model_of("unet"), batch_of("unet", 64, 64)
    layers = rounded_layers(model.description)
    made = observe(model, list(dict.fromkeys(layers.values())))(batch, KNOWN)
    ranges = {name: (float(made[maps].min()), float(made[maps].max())) for name, maps in layers.items()}
    graph = build(model.description, model.weights, ranges).model
    compiled = openvino_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    expected = loaded("unet").run(batch, WHOLE, KNOWN)
    change = np.abs(expected - batch).mean()
    assert np.abs(compiled([batch, KNOWN])[0] - expected).mean() < 0.05 * change
    nodes = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    kinds = [node["runtimePrecision"].value for node in nodes if node["layerType"].value == "Convolution"]
    assert kinds.count("u8") + kinds.count("i8") == len(ranges)
