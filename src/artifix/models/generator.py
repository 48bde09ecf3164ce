"""The paper's generator (Galteri et al. 2017, section 3.1 and Figure 2): a residual network at half resolution."""

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artifix.models.padding import replication_pad

SLOPE: Final = 0.2
STRIDE: Final = 2
MOST_WEIGHTS: Final = 100_000_000  # more is no network of ours, and a stranger's checkpoint that fills the memory


@dataclass(frozen=True)
class GeneratorConfig:
    """The shape of a generator.

    `channels` is 1 for Y and 3 for YCbCr; `features` the maps of every inner layer; `blocks` the residual blocks.
    `residual` adds the input to the last layer; False is the paper's form, a tanh over the last layer alone.
    """

    channels: int = 3
    features: int = 64
    blocks: int = 15
    residual: bool = True

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")
        if self.features < 1 or self.blocks < 0:
            raise ValueError(
                f"features must be at least 1 and blocks at least 0, got {self.features} and {self.blocks}"
            )
        if 9 * self.features**2 * (2 * self.blocks + 1) > MOST_WEIGHTS:
            raise ValueError(f"{self.features} features in {self.blocks} blocks are more than {MOST_WEIGHTS:,} weights")


class Conv(nn.Module):
    """A convolution, 3x3 or of another odd side, with replication padding "to moderate border artifacts" (section 3.1).

    Its weights begin as He et al. 2015 have them.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stride, self.border = stride, kernel // 2
        nn.init.kaiming_normal_(self.weight, a=SLOPE)

    def forward(self, batch: Tensor) -> Tensor:
        padded = replication_pad(batch, self.border) if self.border else batch
        return F.conv2d(padded, self.weight, self.bias, self.stride)

    def activated(self, batch: Tensor, skip: Tensor | None = None) -> Tensor:
        """LeakyReLU of the convolution, plus `skip` where there is one; what training may replace by a quicker way."""
        maps = F.leaky_relu(self(batch), SLOPE)
        return maps if skip is None else skip + maps


class ResidualBlock(nn.Module):
    """Conv, LeakyReLU, conv, LeakyReLU, plus the block's input."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = Conv(features, features)
        self.conv2 = Conv(features, features)
        with torch.no_grad():
            self.conv2.weight.mul_(0.1)  # so that the sum over the blocks does not grow with their number

    def forward(self, maps: Tensor) -> Tensor:
        return self.conv2.activated(self.conv1.activated(maps), skip=maps)


class Generator(nn.Module):
    """Degraded batch (N, C, H, W) in [-1, 1] -> restored batch of the same shape, not clipped; any H, W >= 1.

    A stride-2 convolution, `blocks` residual blocks at half resolution, nearest-neighbour upsampling, a convolution
    against its artifacts, and the last convolution. No normalisation layers. An odd side is padded by one replicated
    row or column and cut back.
    """

    def __init__(self, config: GeneratorConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or GeneratorConfig()
        self.head = Conv(config.channels, config.features, STRIDE)
        self.body = nn.Sequential(*(ResidualBlock(config.features) for _ in range(config.blocks)))
        self.up = Conv(config.features, config.features)
        self.tail = Conv(config.features, config.channels)
        if config.residual:
            # Small, so that training starts near the identity.
            nn.init.normal_(self.tail.weight, std=1e-3)

    @property
    def radius(self) -> int:
        """How far, in pixels, an output pixel sees: 1 for the head, 2 a convolution inside, 2 after upsampling.

        Upsampling repeats each map pixel, so seen from the farther of its two copies the reach is one pixel more.
        """
        return 1 + 2 * (2 * self.config.blocks) + 2 + 1

    @property
    def multiple(self) -> int:
        """Sides must be a multiple of this for tiles to line up with the whole picture."""
        return STRIDE

    @property
    def maps(self) -> int:
        """How many maps the widest layer has at full resolution: `up`'s."""
        return self.config.features

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates for one pixel of a large picture: 9 a pair of maps, a quarter at half resolution."""
        c, f = self.config.channels, self.config.features
        inside = 9 * c * f + self.config.blocks * 2 * 9 * f * f
        return inside // STRIDE**2 + 9 * f * f + 9 * f * c

    def forward(self, degraded: Tensor) -> Tensor:
        _, _, height, width = degraded.shape
        even = F.pad(degraded, (0, width % STRIDE, 0, height % STRIDE), mode="replicate")
        maps = self.body(self.head.activated(even))
        maps = F.interpolate(maps, scale_factor=STRIDE, mode="nearest")
        last = self.tail(self.up.activated(maps))
        restored = even + last if self.config.residual else torch.tanh(last)
        return restored[..., :height, :width]
