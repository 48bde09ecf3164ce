"""Learning in int8's arithmetic: what `models.int8` does to OpenVINO's graph, done to torch's network while it trains.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR
2018, section 3): values and weights are rounded on the way forward, gradients pass as if they were not; weights stay
floating.
"""

from collections.abc import Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artifix.errors import ModelError
from artifix.models import int8
from artifix.models.generator import Conv, ResidualBlock
from artifix.models.padding import replication_pad


def round_in_training(network: nn.Module, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Let a network of ours compute in int8 where gradients are recorded; where they are not, it does as before.

    `ranges` is what int8 covers of each layer's input, as a card has it; ModelError if it is not of this network.
    """
    layers = {name: module for name, module in network.named_modules() if isinstance(module, Conv)}
    if not ranges or not ranges.keys() <= layers.keys():
        raise ModelError(
            "the model to start from has no ranges for int8 of such layers; `artifix quantise` measures them"
        )
    for name, bounds in ranges.items():
        layers[name].forward = partial(_convolve, layers[name], *int8.with_zero(*bounds))  # type: ignore[method-assign]
    for name, module in network.named_modules():
        if isinstance(module, ResidualBlock):  # its shortcut carries what its first layer reads, rounded
            module.register_forward_pre_hook(partial(_round_input, *int8.with_zero(*ranges[f"{name}.conv1"])))


def _convolve(layer: Conv, low: float, high: float, batch: Tensor) -> Tensor:
    maps = _round_maps(batch, low, high)
    padded = replication_pad(maps, layer.border) if layer.border else maps
    return F.conv2d(padded, _round_kernels(layer.weight), layer.bias, layer.stride)


def _round_input(low: float, high: float, _: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    return _round_maps(inputs[0], low, high)


def _round_maps(maps: Tensor, low: float, high: float) -> Tensor:
    if not torch.is_grad_enabled():
        return maps
    step = (high - low) / int8.STEPS
    return torch.fake_quantize_per_tensor_affine(maps.float(), step, round(-low / step), 0, int8.STEPS).to(maps.dtype)


def _round_kernels(weight: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return weight
    most = int8.STEPS // 2
    steps = int8.KERNEL_SPARE * weight.detach().abs().amax((1, 2, 3)).clamp(min=int8.NARROWEST) / most
    zeros = torch.zeros_like(steps, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -most, most)
