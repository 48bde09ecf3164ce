"""RGB <-> YCbCr of whole batches on any device: `artifix.color`'s own conversion, for tensors."""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from artifix import color

Conversion = Callable[[NDArray[np.generic]], NDArray[np.float32]]


def rgb_to_ycbcr(planes: Tensor) -> Tensor:
    """Full-range YCbCr of RGB, both (N, 3, H, W) float32 in 0..255; neither rounded nor clipped."""
    return _convert(planes, color.rgb_to_ycbcr)


def ycbcr_to_rgb(planes: Tensor) -> Tensor:
    """RGB of full-range YCbCr, both (N, 3, H, W) float32 in 0..255; neither rounded nor clipped."""
    return _convert(planes, color.ycbcr_to_rgb)


def to_range(planes: Tensor) -> Tensor:
    """What a network reads: 0..255 -> [-1, 1]."""
    return planes / 127.5 - 1


def from_range(batch: Tensor) -> Tensor:
    """What a network wrote: [-1, 1] -> 0..255, not clipped."""
    return (batch + 1) * 127.5


def _convert(planes: Tensor, conversion: Conversion) -> Tensor:
    matrix, offset = _affine(conversion, planes.device)
    return torch.einsum("ij,njhw->nihw", matrix, planes) + offset[:, None, None]


@cache
def _affine(conversion: Conversion, device: torch.device) -> tuple[Tensor, Tensor]:
    """A conversion's matrix and offset, read off what it does to black and to the three primaries."""
    offset = conversion(np.zeros(3, np.float32))
    matrix = (conversion(255 * np.eye(3, dtype=np.float32)) - offset).T / 255
    return torch.from_numpy(np.ascontiguousarray(matrix)).to(device), torch.from_numpy(offset).to(device)
