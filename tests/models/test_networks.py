from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.engines.engine import load_engine
from artifix.errors import ModelError
from artifix.models.catalog import read_model
from artifix.models.model import Model, card_of
from artifix.models.networks import NETWORKS, config_class, config_of
from artifix.models.networks.ar_cnn import ArCnnConfig
from artifix.models.networks.dncnn import DnCnnConfig
from artifix.models.networks.svoboda import L4Config, L8Config
from artifix.models.padding import _ReplicationPad, replication_pad
from artifix.models.torch_network import TorchNetwork, torch_network
from artifix.restoration.memory import tile_pixels
from artifix.restoration.tiling import plan
from artifix.train.export import in_half_precision

CHAINS = [
    ArCnnConfig(),
    ArCnnConfig(residual=False),
    L4Config(channels=3),
    L8Config(),
    DnCnnConfig(features=8, depth=5),
]
NAMES = [f"{config.kind}-{config.channels}-{config.residual}" for config in CHAINS]


@pytest.fixture(scope="module")
def make_chain(tmp_path_factory):
    """make_chain(config) -> the network with random weights that do something, and the path of its file."""
    folder = tmp_path_factory.mktemp("chains")

    def make(config):
        torch.manual_seed(0)
        network = TorchNetwork(config.description)
        torch.nn.init.kaiming_normal_(network.get_parameter(f"layers.{len(config.links) - 1}.weight"), a=3)
        path = folder / f"{len(list(folder.iterdir()))}.safetensors"
        path.write_bytes(in_half_precision(card_of(config, "chain"), network.state_dict()).to_bytes())
        return network, path

    return make


@pytest.mark.parametrize(
    ("config", "macs", "biases", "radius", "maps"),
    [
        (ArCnnConfig(), 81 * 64 + 49 * 64 * 32 + 32 * 16 + 25 * 16, 64 + 32 + 16 + 1, 4 + 3 + 2, 64),
        (L4Config(), 121 * 32 + 9 * 32 * 64 + 9 * 64 * 64 + 25 * 64, 32 + 64 + 64 + 1, 5 + 1 + 1 + 2, 64),
        (
            L8Config(),
            # The 1x1 layers take the first layer's 32 maps beside the 64 before them.
            121 * 32 + 9 * 32 * 64 + 2 * 9 * 64 * 64 + 96 * 64 + 25 * 64 * 64 + 96 * 128 + 25 * 128,
            32 + 5 * 64 + 128 + 1,
            5 + 3 + 2 + 2,
            128,
        ),
        (DnCnnConfig(), 9 * 64 + 18 * 9 * 64 * 64 + 9 * 64, 19 * 64 + 1, 20, 64),
        (DnCnnConfig(channels=3), 9 * 3 * 64 + 18 * 9 * 64 * 64 + 9 * 64 * 3, 19 * 64 + 3, 20, 64),
    ],
)
def test_sizes_against_a_hand_calculation(config, macs, biases, radius, maps):
    described = config.description
    assert described.macs_per_pixel == macs
    assert described.parameters == macs + biases  # at full resolution each weight is used once a pixel
    assert (described.radius, described.multiple, described.maps) == (radius, 1, maps)


def test_every_kind_is_found_by_its_name_and_its_configuration():
    for kind, config in NETWORKS.items():
        assert config().kind == kind
        assert config_class(kind) is config
        assert config_of(kind, asdict(config())) == config()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("generator", {"features": 4.0}),
        ("generator", {"features": True}),
        ("generator", {"blocks": 10**9}),
        ("generator", {"features": 512, "blocks": 128}),
        ("generator", {"surprise": 1}),
        ("dncnn", {"depth": 10**9}),
        ("unet", {"maps": [48, 96, 128]}),
        ("unet", {"maps": [48, 96, 128, "128"]}),
        ("unet", {"maps": 48}),
    ],
)
def test_a_configuration_that_no_network_has_is_refused_without_being_made(kind, values):
    with pytest.raises(ModelError, match=f"describes no {kind} network"):
        config_of(kind, values)


@pytest.mark.parametrize("kind", ["srcnn", "", None, ["l4"]])
def test_an_unknown_kind_is_refused_with_those_known(kind):
    with pytest.raises(ModelError, match="choose one of ar-cnn, dncnn, generator, l4, l8, told, unet"):
        config_class(kind)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: L8Config(channels=2), "channels"),
        (lambda: DnCnnConfig(features=0), "features"),
        (lambda: DnCnnConfig(depth=1), "depth"),
    ],
)
def test_impossible_shapes_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize("config", CHAINS, ids=NAMES)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 4)])
def test_any_size_keeps_its_shape(config, size):
    batch = torch.rand(2, config.channels, *size) * 2 - 1
    assert TorchNetwork(config.description)(batch).shape == batch.shape


@pytest.mark.parametrize("config", CHAINS, ids=NAMES)
def test_radius_is_what_the_gradient_reaches(config):
    network = TorchNetwork(config.description).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(0.1, 0.2)  # positive, so that nothing cancels and no ReLU is closed
    side = 2 * network.radius + 5
    batch = torch.rand(1, config.channels, side, side, dtype=torch.float64, requires_grad=True)
    network(batch)[0, :, side // 2, side // 2].sum().backward()
    seen = torch.nonzero(batch.grad.abs().sum(dim=(0, 1)))
    assert seen.min().item() == side // 2 - network.radius
    assert seen.max().item() == side // 2 + network.radius


def test_the_first_maps_of_l8_skip_to_the_middle_and_to_the_seventh():
    network = TorchNetwork(L8Config().description)
    torch.nn.init.normal_(network.get_parameter("layers.7.weight"))
    batch = torch.rand(1, 1, 12, 12)
    whole = network(batch)
    for layer in (4, 6):
        cut = TorchNetwork(L8Config().description)
        cut.load_state_dict(network.state_dict())
        with torch.no_grad():
            cut.get_parameter(f"layers.{layer}.weight")[:, 64:] = 0
        assert not torch.allclose(cut(batch), whole)


@pytest.mark.parametrize("config", CHAINS, ids=NAMES)
def test_residual_starts_near_the_identity(config):
    batch = torch.rand(1, config.channels, 24, 24) * 2 - 1
    assert ((TorchNetwork(config.description)(batch) - batch).abs().max() < 0.05) == config.residual


@pytest.mark.parametrize("config", CHAINS, ids=NAMES)
@pytest.mark.parametrize(("engine", "precision", "bound"), [("openvino", "fp32", 1e-4), ("onnxruntime", "auto", 1e-4)])
def test_what_is_exported_is_what_torch_computes(make_chain, config, engine, precision, bound):
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
    network, path = make_chain(config)
    for parameter in network.parameters():  # the file's weights are in half precision
        parameter.data = parameter.data.half().float()
    model = read_model(path)
    loaded = torch_network(model)
    assert (model.card.network, model.card.maps) == (config.kind, network.maps)
    assert model.description == config.description
    run = load_engine(path, engine, precision)
    for size in ((1, 1), (13, 30)):
        batch = np.random.default_rng(0).uniform(-1, 1, (1, config.channels, *size)).astype(np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(batch)).numpy()
            np.testing.assert_array_equal(loaded(torch.from_numpy(batch)).numpy(), expected)
        assert np.abs(expected - batch).max() > 10 * bound
        np.testing.assert_allclose(run(batch), expected, atol=bound)


@pytest.mark.parametrize("config", CHAINS, ids=NAMES)
def test_tiles_equal_the_whole_picture(make_chain, config):
    _, path = make_chain(config)
    engine = load_engine(path, "openvino", "fp32")
    shape = 53, 70
    batch = np.random.default_rng(1).uniform(-1, 1, (1, config.channels, *shape)).astype(np.float32)
    whole, joined = engine(batch).copy(), np.full_like(batch, np.nan)
    tiles = list(plan(*shape, radius=engine.card.radius, multiple=engine.card.multiple, max_pixels=900))
    assert len(tiles) > 3
    for rows, columns in tiles:
        tile = engine(np.ascontiguousarray(batch[:, :, rows.start : rows.stop, columns.start : columns.stop]))
        kept = tile[:, :, rows.keep_start - rows.start :, columns.keep_start - columns.start :]
        height, width = rows.keep_stop - rows.keep_start, columns.keep_stop - columns.keep_start
        joined[:, :, rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] = kept[
            :, :, :height, :width
        ]
    np.testing.assert_allclose(joined, whole, atol=1e-5)


def test_the_card_says_how_much_memory_a_pixel_takes(make_chain):
    wide, narrow = (
        tile_pixels(load_engine(make_chain(DnCnnConfig(features=features, depth=3))[1], precision="fp32"), 1 << 30)
        for features in (64, 16)
    )
    assert narrow == pytest.approx(4 * wide, abs=4)  # each is rounded down


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": "srcnn"}, "no 'srcnn' network"),
        ({"network": "l8"}, "does not fit its card"),
        ({"config": {"channels": 1, "blocks": 3}}, "describes no l4 network"),
        ({"maps": 63}, "does not fit its card"),
        ({"radius": 8}, "does not fit its card"),
    ],
)
def test_a_card_that_is_wrong_about_its_network_is_refused(make_chain, changes, reason):
    model = read_model(make_chain(L4Config())[1])
    with pytest.raises(ModelError, match=reason):
        Model(replace(model.card, **changes), model.weights)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**31))
def test_wide_padding_is_torchs_own_with_its_gradient(height, width, border, seed):
    values = np.random.default_rng(seed).normal(size=(2, 3, height, width))
    batch = torch.tensor(values, requires_grad=True)
    expected = F.pad(batch, (border,) * 4, mode="replicate")
    assert torch.equal(_ReplicationPad.apply(batch, border), expected)
    assert torch.equal(replication_pad(batch.detach(), border), expected)
    weights = torch.tensor(np.random.default_rng(seed).normal(size=expected.shape))
    mine, torchs = (
        torch.autograd.grad((p * weights).sum(), batch)[0] for p in (replication_pad(batch, border), expected)
    )
    torch.testing.assert_close(mine, torchs)


@pytest.mark.parametrize("border", [1, 2, 5])
def test_padding_that_a_compiler_fuses_is_the_same(monkeypatch, border):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    batch = torch.rand(2, 3, 3, 4)
    assert torch.equal(replication_pad(batch, border), F.pad(batch, (border,) * 4, mode="replicate"))
