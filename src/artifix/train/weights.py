"""Begin from weights trained before, those of a network with other channels included."""

from pathlib import Path

import torch
from torch import Tensor, nn

from artifix.errors import ModelError
from artifix.models.catalog import is_named, read_model
from artifix.models.model import SUFFIX
from artifix.train.checkpoint import AVERAGE
from artifix.train.tensors import read_tensors


def load_into(network: nn.Module, start: str | Path) -> None:
    """Copy a generator's weights into a network, in place; ModelError if kernels differ or it has other layers.

    Layers that the network has beside those stay as they begin.

    `start` is a named model, a model's file, or a checkpoint's safetensors file, of which the running average is taken.
    Where only the channels of the first or last layer differ, Y's filters are copied: a colour network starts as the
    luma network with chroma beside it, at nothing, and a luma network as the colour one blind to chroma.
    """
    tensors = _read(start)
    own = network.state_dict()
    if not tensors or not tensors.keys() <= own.keys():
        raise ModelError(f"{start}: other layers than this recipe's network")
    with torch.no_grad():
        for name, tensor in tensors.items():
            own[name].copy_(_fit(tensor, own[name].shape, start, name))


def _read(start: str | Path) -> dict[str, Tensor]:
    if is_named(start) or Path(start).suffix != SUFFIX:
        return {name: torch.tensor(value) for name, value in read_model(start).weights.items()}
    tensors = read_tensors(Path(start))
    average = {name.removeprefix(AVERAGE): value for name, value in tensors.items() if name.startswith(AVERAGE)}
    return average or tensors


def _fit(tensor: Tensor, shape: torch.Size, start: str | Path, name: str) -> Tensor:
    if tensor.shape == shape:
        return tensor
    channels = {(1, 3), (3, 1)}
    differing = [(a, b) for a, b in zip(tensor.shape, shape, strict=False) if a != b]
    if tensor.ndim != len(shape) or any(pair not in channels for pair in differing):
        raise ModelError(f"{start}: {name} is {tuple(tensor.shape)}, this recipe's network has {tuple(shape)}")
    fitted = torch.zeros(shape)
    common = tuple(slice(min(a, b)) for a, b in zip(tensor.shape, shape, strict=True))
    fitted[common] = tensor[common]
    return fitted
