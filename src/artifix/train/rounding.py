"""Learning in int8's arithmetic: what `engines.int8` does to OpenVINO's graph, done to torch's network while it trains.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR
2018, section 3): values and weights are rounded on the way forward, gradients within a range pass as if they were not;
weights stay floating. Where a weight lies between two steps, the runtimes may take different ones.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from artifix.engines import int8
from artifix.errors import ModelError, RecipeError
from artifix.models.catalog import read_card
from artifix.models.torch_network import Kernels, TorchNetwork


def round_as(network: TorchNetwork, model: str | Path | None) -> None:
    """`round_in_training` within the ranges in a model's card; RecipeError if none is named, ModelError for others."""
    if model is None:
        raise RecipeError("optimiser.int8 needs a model with ranges in its card: --start, with --resume, too")
    card = read_card(model)
    try:
        round_in_training(network, card.ranges)
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error


def round_in_training(network: TorchNetwork, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Let a network of ours compute in int8 where gradients are recorded; where they are not, it does as before.

    `ranges` is what int8 covers of the input of each layer that it rounds, as a card has it; ModelError if they are of
    another network.
    """
    for maps, bounds in int8.rounded_maps(network.description, ranges).items():
        network.after[maps] = partial(_round_maps, *bounds)
    for name in ranges:
        module = network.get_submodule(name)
        assert isinstance(module, Kernels)
        module.forward = partial(_rounded, module)  # type: ignore[method-assign]


def _rounded(module: Kernels, maps: Tensor, skip: Tensor | None = None) -> Tensor:
    return module.convolve(maps, _round_kernels(module.weight), skip)


def _round_maps(low: float, high: float, maps: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return maps
    step = (high - low) / int8.STEPS
    rounded = torch.fake_quantize_per_tensor_affine(maps.float(), step, round(-low / step), 0, int8.STEPS)
    return rounded.to(maps.dtype)


def _round_kernels(weight: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return weight
    most = int8.STEPS // 2
    steps = int8.KERNEL_SPARE * weight.detach().abs().amax((1, 2, 3)).clamp(min=int8.NARROWEST) / most
    zeros = torch.zeros_like(steps, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -most, most)
