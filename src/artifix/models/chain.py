"""What the peers' networks have in common: convolutions one after the other, all at the picture's own resolution."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artifix.models.generator import Conv


class Layer(NamedTuple):
    """One convolution: the side of its kernels, odd, and how many maps it makes."""

    kernel: int
    maps: int
    skip: bool = False
    """Whether it takes the first layer's maps, too, beside those of the layer before it."""


@dataclass(frozen=True)
class ChainConfig:
    """The shape of a chain; each network's own config says which layers it has.

    `channels` is 1 for Y and 3 for YCbCr. `residual` adds the input to the last layer; False has the last layer make
    the picture itself.
    """

    channels: int = 1
    residual: bool = True

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")

    @property
    def layers(self) -> tuple[Layer, ...]:
        """From the first to the last, which makes as many maps as there are channels."""
        raise NotImplementedError

    def inputs(self) -> Iterator[int]:
        """How many maps each layer takes."""
        before = self.channels
        for layer in self.layers:
            yield before + (self.layers[0].maps if layer.skip else 0)
            before = layer.maps


class Chain(nn.Module):
    """Degraded batch (N, C, H, W) in [-1, 1] -> restored batch of the same shape, not clipped; any H, W >= 1.

    A ReLU stands behind every layer but the last. No normalisation layers: small batches measure their statistics
    badly, and for restoring they would be folded into the convolutions.
    """

    def __init__(self, config: ChainConfig) -> None:
        super().__init__()
        self.config = config
        sizes = zip(config.inputs(), config.layers, strict=True)
        convs = [Conv(inputs, layer.maps, kernel=layer.kernel) for inputs, layer in sizes]
        if config.residual:
            # Small, so that training starts near the identity.
            nn.init.normal_(convs[-1].weight, std=1e-4)
        self.layers = nn.ModuleList(convs)

    @property
    def radius(self) -> int:
        """How far, in pixels, an output pixel sees: half a kernel a layer."""
        return sum(layer.kernel // 2 for layer in self.config.layers)

    @property
    def multiple(self) -> int:
        """Sides may be any number of pixels."""
        return 1

    @property
    def maps(self) -> int:
        """How many maps the widest layer takes or makes."""
        return max(*self.config.inputs(), *(layer.maps for layer in self.config.layers))

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates for one pixel: a kernel for every pair of maps."""
        sizes = zip(self.config.inputs(), self.config.layers, strict=True)
        return sum(layer.kernel**2 * inputs * layer.maps for inputs, layer in sizes)

    def forward(self, degraded: Tensor) -> Tensor:
        maps = first = degraded
        for number, (layer, conv) in enumerate(zip(self.config.layers, self.layers, strict=True)):
            if number:
                maps = F.relu(maps)
            if number == 1:
                first = maps
            maps = conv(torch.cat((maps, first), dim=1) if layer.skip else maps)
        return degraded + maps if self.config.residual else maps
