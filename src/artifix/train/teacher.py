"""Learning from a trained model instead of from the target alone (Hinton et al. 2015, distillation)."""

from pathlib import Path

import torch
from torch import nn

from artifix.errors import ModelError, RecipeError
from artifix.models.torch_weights import network_from_file


def load_teacher(file: Path | None, channels: int, device: str) -> nn.Module:
    """The network of a model file, its weights without gradient.

    What a small network cannot know of the target is noise to it; a teacher's pictures are free of that. RecipeError if
    there is no file, ModelError if it is no exported model or takes other channels.
    """
    if file is None:
        raise RecipeError("loss.distilled needs a model to learn from: --teacher")
    card, network = network_from_file(file)
    if card.channels != channels:
        raise ModelError(f"{file}: takes {card.channels} channels, this recipe's network {channels}")
    network.requires_grad_(False).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
