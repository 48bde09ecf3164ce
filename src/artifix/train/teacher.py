"""Learning from a trained model instead of from the target alone (Hinton et al. 2015, distillation)."""

from pathlib import Path

import torch

from artifix.errors import ModelError, RecipeError
from artifix.models.catalog import read_model
from artifix.models.torch_network import TorchNetwork, torch_network


def load_teacher(model: str | Path | None, channels: int, device: str) -> TorchNetwork:
    """The network of a model, given by name or file, its weights without gradient.

    What a small network cannot know of the target is noise to it; a teacher's pictures are free of that. RecipeError if
    there is none, ModelError if it is no exported model or takes other channels.
    """
    if model is None:
        raise RecipeError("loss.distilled needs a model to learn from: --teacher")
    read = read_model(model)
    if read.card.channels != channels:
        raise ModelError(f"{model}: takes {read.card.channels} channels, this recipe's network {channels}")
    network = torch_network(read)
    network.requires_grad_(False).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
