import copy

import pytest
import torch
import torch.nn.functional as F

from artifix.models.layers import SLOPE
from artifix.models.networks.generator import GeneratorConfig
from artifix.models.networks.unet import UNetConfig
from artifix.models.torch_network import TorchNetwork
from artifix.train import winograd
from artifix.train.winograd import convolve, use_winograd

pytestmark = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512") or winograd._kernels() is None,
    reason="needs AVX2, ninja and a C++ compiler",
)


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize(("height", "width", "inputs", "outputs"), [(1, 1, 16, 16), (5, 11, 32, 48), (16, 12, 64, 128)])
def test_values_and_gradients_are_those_of_the_direct_convolution(height, width, inputs, outputs, zero):
    torch.manual_seed(0)
    batch = torch.randn(3, inputs, height, width).to(memory_format=torch.channels_last).requires_grad_()
    weight = (torch.randn(outputs, inputs, 3, 3) / 3 / inputs**0.5).requires_grad_()
    bias, skip = torch.randn(outputs, requires_grad=True), torch.randn(3, outputs, height, width, requires_grad=True)
    padded = F.pad(batch, (1, 1, 1, 1), mode="constant" if zero else "replicate")
    direct = F.leaky_relu(F.conv2d(padded, weight, bias), SLOPE) + skip
    quick = convolve(batch, weight, bias, SLOPE, skip=skip, zero=zero)
    torch.testing.assert_close(quick, direct, rtol=0, atol=1e-4)
    gradient = torch.randn_like(direct)
    sources = batch, weight, bias, skip
    for mine, theirs in zip(
        torch.autograd.grad(quick, sources, gradient), torch.autograd.grad(direct, sources, gradient), strict=True
    ):
        assert (mine - theirs).abs().max() < 1e-4 * theirs.abs().max()


@pytest.mark.parametrize(
    ("config", "quickened", "direct"),
    [
        (GeneratorConfig(features=16, blocks=2), "up", "head"),
        (UNetConfig(maps=(16, 16, 16, 16), told=0), "up2.0.conv2", "down4.narrow"),
    ],
)
def test_a_quickened_network_computes_the_same(config, quickened, direct):
    torch.manual_seed(0)
    network = TorchNetwork(config.description)
    quick = copy.deepcopy(network)
    use_winograd(quick)
    assert "forward" in vars(quick.get_submodule(quickened)) and "forward" not in vars(quick.get_submodule(direct))
    batch = torch.rand(1, 3, 13, 9) * 2 - 1
    torch.testing.assert_close(quick(batch), network(batch), rtol=0, atol=1e-5)


def test_torchs_own_convolutions_with_zeros_around_are_quickened_too():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU()).requires_grad_(False)
    quick = copy.deepcopy(network)
    use_winograd(quick)
    assert "forward" in vars(quick[0])
    batch = torch.randn(2, 16, 10, 7, requires_grad=True)
    torch.testing.assert_close(quick(batch), network(batch), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(quick(batch).sum(), batch),
        torch.autograd.grad(network(batch).sum(), batch),
        rtol=0,
        atol=1e-4,
    )
