"""The paper's generator (Galteri et al. 2017, section 3.1 and Figure 2): a residual network at half resolution."""

from dataclasses import dataclass
from typing import ClassVar, Final

from artifix.models.layers import PICTURE, SLOPE, Add, Conv, Description, Layer, Repeat, Tanh

STRIDE: Final = 2
MOST_FEATURES: Final = 512
MOST_BLOCKS: Final = 128


@dataclass(frozen=True)
class GeneratorConfig:
    """The shape of a generator: a stride-2 convolution, residual blocks at half resolution, upsampling, two more.

    `channels` is 1 for Y and 3 for YCbCr; `features` the maps of every inner layer; `blocks` the residual blocks.
    `residual` adds the input to the last layer; False is the paper's form, a tanh over the last layer alone. The
    convolution behind the upsampling works against its artifacts; there are no normalisation layers.
    """

    kind: ClassVar[str] = "generator"

    channels: int = 3
    features: int = 64
    blocks: int = 15
    residual: bool = True

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")
        if not 1 <= self.features <= MOST_FEATURES or not 0 <= self.blocks <= MOST_BLOCKS:
            raise ValueError(
                f"features must be within 1..{MOST_FEATURES} and blocks within 0..{MOST_BLOCKS}, "
                f"got {self.features} and {self.blocks}"
            )
        _ = self.description  # has limits of its own

    @property
    def description(self) -> Description:
        """The whole network."""
        return Description(self._layers(), self.channels)

    def _layers(self) -> tuple[Layer, ...]:
        maps = "head"
        made: list[Layer] = [Conv(maps, PICTURE, self.features, stride=STRIDE, slope=SLOPE)]
        for number in range(self.blocks):
            inner, outer = f"body.{number}.conv1", f"body.{number}.conv2"
            made.append(Conv(inner, maps, self.features, slope=SLOPE))
            # Weak at first, so that the sum over the blocks does not grow with their number.
            made.append(Conv(outer, inner, self.features, slope=SLOPE, skip=maps, gain=0.1))
            maps = outer
        made.append(Repeat("repeated", maps, STRIDE))
        made.append(Conv("up", "repeated", self.features, slope=SLOPE))
        # Weak at first, so that training starts near the identity.
        made.append(Conv("tail", "up", self.channels, deviation=1e-3 if self.residual else None))
        made.append(Add("restored", "tail", PICTURE) if self.residual else Tanh("restored", "tail"))
        return tuple(made)
