"""Learning in int8's arithmetic: what `models.int8` does to OpenVINO's graph, done to torch's network while it trains.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR
2018, section 3): values and weights are rounded on the way forward, gradients within a range pass as if they were not;
weights stay floating. Where a weight lies between two steps, the runtimes may take different ones.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artifix.errors import ModelError, RecipeError
from artifix.models import int8
from artifix.models.chain import Chain
from artifix.models.generator import Conv, ResidualBlock
from artifix.models.padding import replication_pad
from artifix.models.torch_weights import network_from_file


def round_as(network: nn.Module, model: Path | None) -> None:
    """`round_in_training` within the ranges in a model's card; RecipeError if none is named, ModelError for others."""
    if model is None or model.suffix != ".onnx":
        raise RecipeError(
            "optimiser.int8 needs a model with ranges in its card: --start, an .onnx file, with --resume, too"
        )
    try:
        round_in_training(network, network_from_file(model)[0].ranges)
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error


def round_in_training(network: nn.Module, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Let a network of ours compute in int8 where gradients are recorded; where they are not, it does as before.

    `ranges` is what int8 covers of the input of each layer but the first, as a card has it; ModelError if they are of
    another network, or if layers of this one take the first one's maps beside the last one's, as l8's do.
    """
    layers = {name: module for name, module in network.named_modules() if isinstance(module, Conv)}
    if list(ranges) != list(layers)[1:]:
        raise ModelError("its card has no ranges for int8 of this network's layers; `artifix quantise` measures them")
    if isinstance(network, Chain) and any(layer.skip for layer in network.config.layers):
        raise ModelError("a network with skips to later layers does not learn in int8")
    for name, bounds in ranges.items():
        layers[name].forward = partial(_convolve, layers[name])  # type: ignore[method-assign]
        block = network.get_submodule(name.rpartition(".")[0])
        # A block's shortcut carries what its first layer reads, rounded.
        reader = block if isinstance(block, ResidualBlock) and name.endswith("conv1") else layers[name]
        reader.register_forward_pre_hook(partial(_round_input, *int8.with_zero(*bounds)))


def _convolve(layer: Conv, maps: Tensor) -> Tensor:
    padded = replication_pad(maps, layer.border) if layer.border else maps
    return F.conv2d(padded, _round_kernels(layer.weight), layer.bias, layer.stride)


def _round_input(low: float, high: float, _: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    if not torch.is_grad_enabled():
        return inputs
    maps, step = inputs[0], (high - low) / int8.STEPS
    rounded = torch.fake_quantize_per_tensor_affine(maps.float(), step, round(-low / step), 0, int8.STEPS)
    return rounded.to(maps.dtype), *inputs[1:]


def _round_kernels(weight: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return weight
    most = int8.STEPS // 2
    steps = int8.KERNEL_SPARE * weight.detach().abs().amax((1, 2, 3)).clamp(min=int8.NARROWEST) / most
    zeros = torch.zeros_like(steps, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -most, most)
