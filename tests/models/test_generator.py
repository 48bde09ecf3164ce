import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.models.networks.generator import GeneratorConfig
from artifix.models.padding import _ReplicationPad, replication_pad
from artifix.models.torch_network import TorchNetwork


def test_parameters_and_macs_against_a_hand_calculation():
    # Y: head 9*64+64, 30 inner convolutions and `up` of 9*64*64+64, tail 9*64+1.
    assert GeneratorConfig(channels=1).description.parameters == 640 + 31 * 36_928 + 577
    # YCbCr: head 9*3*64+64, tail 9*64*3+3.
    assert GeneratorConfig(channels=3).description.parameters == 1_792 + 31 * 36_928 + 1_731
    # At half resolution a quarter of the positions: head 9*3*64 and 30 of 9*64*64; `up` and the tail at full.
    assert GeneratorConfig(channels=3).description.macs_per_pixel == (1_728 + 30 * 36_864) // 4 + 36_864 + 1_728


def reach(network: TorchNetwork, side: int, at: int) -> tuple[int, int]:
    """How far to the left and right an output pixel sees, by the gradient of it."""
    batch = torch.rand(1, network.description.channels, side, side, dtype=torch.float64, requires_grad=True)
    network.double()(batch)[0, :, at, at].sum().backward()
    seen = torch.nonzero(batch.grad.abs().sum(dim=(0, 1, 2)))
    return at - int(seen.min()), int(seen.max()) - at


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_radius_is_what_the_gradient_reaches(blocks):
    network = TorchNetwork(GeneratorConfig(channels=1, features=3, blocks=blocks).description)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(0.1, 0.2)  # positive, so that nothing cancels
    side = 4 * network.radius
    farthest = max(max(reach(network, side, at)) for at in (side // 2, side // 2 + 1))
    assert farthest == network.radius == 4 * blocks + 4


def test_the_papers_size_sees_64_pixels():
    assert TorchNetwork(GeneratorConfig().description).radius == 64


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.booleans())
def test_any_size_keeps_its_shape(height, width, channels, residual):
    network = TorchNetwork(GeneratorConfig(channels=channels, features=2, blocks=1, residual=residual).description)
    batch = torch.rand(2, channels, height, width) * 2 - 1
    restored = network(batch)
    assert restored.shape == batch.shape
    assert residual or restored.abs().max() <= 1


def test_an_odd_picture_is_the_even_one_with_its_border_repeated():
    network = TorchNetwork(GeneratorConfig(channels=1, features=4, blocks=1).description)
    torch.nn.init.normal_(network.get_parameter("tail.weight"))
    odd = torch.rand(1, 1, 7, 5)
    even = F.pad(odd, (0, 1, 0, 1), mode="replicate")
    torch.testing.assert_close(network(odd), network(even)[..., :7, :5])


def test_residual_starts_near_the_identity():
    torch.manual_seed(0)
    batch = torch.rand(1, 3, 16, 16) * 2 - 1
    restored = TorchNetwork(GeneratorConfig().description)(batch)
    assert (restored - batch).abs().max() < 0.1


@pytest.mark.parametrize("values", [{"channels": 2}, {"features": 0}, {"blocks": -1}])
def test_impossible_shapes_are_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        GeneratorConfig(**values)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31))
def test_padding_is_torchs_own_with_its_gradient(height, width, seed):
    values = np.random.default_rng(seed).normal(size=(2, 3, height, width))
    batch = torch.tensor(values, requires_grad=True)
    assert torch.equal(_ReplicationPad.apply(batch), F.pad(batch, (1, 1, 1, 1), mode="replicate"))
    assert torch.autograd.gradcheck(_ReplicationPad.apply, batch)
    assert torch.equal(replication_pad(batch.detach()), _ReplicationPad.apply(batch))
