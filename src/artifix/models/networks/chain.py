"""What the peers' networks have in common: convolutions one after the other, all at the picture's own resolution."""

from dataclasses import dataclass
from typing import NamedTuple

from artifix.models.layers import PICTURE, Add, Concat, Conv, Description, Layer


class Link(NamedTuple):
    """One convolution: the side of its kernels, odd, and how many maps it makes."""

    kernel: int
    maps: int
    skip: bool = False
    """Whether it takes the first layer's maps, too, beside those of the layer before it."""


@dataclass(frozen=True)
class ChainConfig:
    """The shape of a chain; each network's own config says which layers it has.

    A ReLU stands behind every layer but the last. No normalisation layers: small batches measure their statistics
    badly, and for restoring they would be folded into the convolutions. `channels` is 1 for Y and 3 for YCbCr.
    `residual` adds the input to the last layer; False has the last layer make the picture itself.
    """

    channels: int = 1
    residual: bool = True

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")

    @property
    def links(self) -> tuple[Link, ...]:
        """From the first to the last, which makes as many maps as there are channels."""
        raise NotImplementedError

    @property
    def description(self) -> Description:
        """The whole network."""
        return Description(self._layers(), self.channels)

    def _layers(self) -> tuple[Layer, ...]:
        made: list[Layer] = []
        maps, last = PICTURE, len(self.links) - 1
        for number, link in enumerate(self.links):
            name = f"layers.{number}"
            if link.skip:
                made.append(Concat(f"{name}.taken", (maps, "layers.0")))
                maps = f"{name}.taken"
            # A weak last layer, so that training starts near the identity.
            deviation = 1e-4 if self.residual and number == last else None
            slope = 1.0 if number == last else 0.0
            made.append(Conv(name, maps, link.maps, link.kernel, slope=slope, deviation=deviation))
            maps = name
        if self.residual:
            made.append(Add("restored", maps, PICTURE))
        return tuple(made)
