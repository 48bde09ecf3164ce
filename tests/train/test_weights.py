"""Weights to begin from: those of another number of channels, of fewer layers, and those that do not fit."""

import pytest
import torch
from safetensors.torch import save_file

from artifix.errors import ModelError
from artifix.models.catalog import read_model
from artifix.models.networks.generator import GeneratorConfig
from artifix.models.torch_network import TorchNetwork
from artifix.train.weights import load_into


def test_a_colour_network_starts_as_the_luma_one(tmp_path):
    luma = TorchNetwork(GeneratorConfig(channels=1, features=4, blocks=1).description)
    torch.nn.init.normal_(luma.tail.weight)
    save_file(luma.state_dict(), tmp_path / "luma.safetensors")
    colour = TorchNetwork(GeneratorConfig(channels=3, features=4, blocks=1).description)
    load_into(colour, tmp_path / "luma.safetensors")
    batch = torch.rand(1, 3, 16, 16)
    restored = colour(batch)
    torch.testing.assert_close(restored[:, :1], luma(batch[:, :1]))
    torch.testing.assert_close(restored[:, 1:], batch[:, 1:])
    save_file(colour.state_dict(), tmp_path / "colour.safetensors")
    back = TorchNetwork(GeneratorConfig(channels=1, features=4, blocks=1).description)
    load_into(back, tmp_path / "colour.safetensors")
    torch.testing.assert_close(back(batch[:, :1]), luma(batch[:, :1]))


def test_a_named_model_is_where_to_start():
    network = TorchNetwork(read_model("mse").description)
    load_into(network, "mse")
    weights = read_model("mse").weights
    for name, tensor in network.state_dict().items():
        assert (tensor.numpy() == weights[name]).all(), name


def test_a_name_that_no_model_has_is_no_file():
    with pytest.raises(ModelError, match="nothing: no such model"):
        load_into(TorchNetwork(GeneratorConfig(features=4, blocks=1).description), "nothing")


def test_layers_that_the_weights_lack_stay_as_they_begin(tmp_path):
    small, large = (TorchNetwork(GeneratorConfig(features=4, blocks=blocks).description) for blocks in (1, 2))
    save_file(small.state_dict(), tmp_path / "w.safetensors")
    fresh = {name: value.clone() for name, value in large.state_dict().items()}
    load_into(large, tmp_path / "w.safetensors")
    for name, value in large.state_dict().items():
        assert torch.equal(value, small.state_dict().get(name, fresh[name])), name


@pytest.mark.parametrize("config", [GeneratorConfig(features=5, blocks=1), GeneratorConfig(features=4, blocks=0)])
def test_weights_of_another_network_are_refused(tmp_path, config):
    save_file(TorchNetwork(GeneratorConfig(features=4, blocks=1).description).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"w\.safetensors"):
        load_into(TorchNetwork(config.description), tmp_path / "w.safetensors")


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_into(TorchNetwork(GeneratorConfig(features=4, blocks=1).description), tmp_path / "w.safetensors")
