"""Begin from weights trained before, those of a network with other channels included."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from artifix.errors import ModelError


def load_into(network: nn.Module, path: Path) -> None:
    """Copy safetensors weights into a network, in place; ModelError if layers or kernels differ.

    Where only the channels of the first or last layer differ, Y's filters are copied: a colour network starts as the
    luma network with chroma beside it, at nothing, and a luma network as the colour one blind to chroma.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error})") from error
    own = network.state_dict()
    if tensors.keys() != own.keys():
        raise ModelError(f"{path}: other layers than this recipe's network")
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(_fit(tensors[name], value.shape, path, name))


def _fit(tensor: torch.Tensor, shape: torch.Size, path: Path, name: str) -> torch.Tensor:
    if tensor.shape == shape:
        return tensor
    channels = {(1, 3), (3, 1)}
    differing = [(a, b) for a, b in zip(tensor.shape, shape, strict=False) if a != b]
    if tensor.ndim != len(shape) or any(pair not in channels for pair in differing):
        raise ModelError(f"{path}: {name} is {tuple(tensor.shape)}, this recipe's network has {tuple(shape)}")
    fitted = torch.zeros(shape)
    common = tuple(slice(min(a, b)) for a, b in zip(tensor.shape, shape, strict=True))
    fitted[common] = tensor[common]
    return fitted
