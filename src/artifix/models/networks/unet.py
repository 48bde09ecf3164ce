"""The network that is told of its file: a U-Net over the blocks of JPEG, modulated by the quantisation tables.

Ronneberger et al. 2015 for the form; residual blocks without normalisation as in EDSR (Lim et al. 2017); pixels are
shuffled into maps and back (Shi et al. 2016); what is known of the file scales and shifts maps (Perez et al. 2018).
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from artifix.models.known import KNOWN_SIZE
from artifix.models.layers import (
    KNOWN,
    PICTURE,
    SLOPE,
    Add,
    Conv,
    Dense,
    Description,
    Layer,
    Modulate,
    Shuffle,
    Unshuffle,
)

MOST_BLOCKS: Final = 64
MOST_MAPS: Final = 512
_COARSEST: Final = 16  # pixels that a chroma block of 4:2:0 covers


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net with levels at 1/2, 1/4, 1/8 and 1/16 of the picture's resolution.

    `maps` is the number of feature maps at each level; `down`, `bottom` and `up` the residual blocks on the way down at
    1/2, 1/4 and 1/8, at 1/16, and on the way up at 1/8, 1/4 and 1/2. `told` is the length of the vector made of what is
    known of the file; with 0 the network is told nothing. `channels` is 1 for Y and 3 for YCbCr.
    """

    kind: ClassVar[str] = "unet"

    channels: int = 3
    maps: tuple[int, int, int, int] = (48, 96, 128, 128)
    down: tuple[int, int, int] = (2, 2, 2)
    bottom: int = 3
    up: tuple[int, int, int] = (3, 3, 4)
    told: int = 64

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")
        for name, length in (("maps", 4), ("down", 3), ("up", 3)):
            values = getattr(self, name)
            if len(values) != length or any(type(value) is not int for value in values):
                raise ValueError(f"{name} must be {length} whole numbers, got {values}")
        if not all(1 <= maps <= MOST_MAPS for maps in self.maps) or not 0 <= self.told <= MOST_MAPS:
            raise ValueError(f"maps must be within 1..{MOST_MAPS} and told within 0..{MOST_MAPS}")
        if not all(0 <= blocks <= MOST_BLOCKS for blocks in (*self.down, self.bottom, *self.up)):
            raise ValueError(f"blocks must be within 0..{MOST_BLOCKS} at each level")
        _ = self.description  # has limits of its own

    @property
    def description(self) -> Description:
        """The whole network."""
        return Description(self._layers(), self.channels, KNOWN_SIZE if self.told else 0)

    def _layers(self) -> tuple[Layer, ...]:
        half, quarter, eighth, sixteenth = self.maps
        made: list[Layer] = [Dense("told", KNOWN, self.told)] if self.told else []

        def conv(name: str, source: str, maps: int, kernel: int = 3, **options: float | str | bool | None) -> str:
            stride = 2 if kernel == 2 else 1
            made.append(Conv(name, source, maps, kernel, stride, padding="zeros", **options))  # type: ignore[arg-type]
            return name

        def modulate(name: str, source: str) -> str:
            if self.told:
                made.append(Modulate(name, source, "told"))
            return name if self.told else source

        def blocks(level: str, source: str, maps: int, count: int) -> str:
            for number in range(count):
                name = f"{level}.{number}"
                inner = conv(f"{name}.conv1", source, maps, slope=SLOPE)
                source = conv(f"{name}.conv2", inner, maps, skip=source, gain=0.1)
            return source

        def up(name: str, source: str, maps: int, skip: str) -> str:
            wide = conv(f"{name}.widen", source, 4 * maps, 1)
            made.extend([Shuffle(f"{name}.shuffle", wide, 2), Add(f"{name}.sum", f"{name}.shuffle", skip)])
            return modulate(f"{name}.told", f"{name}.sum")

        made.append(Unshuffle("halves", PICTURE, 2))
        at_half = blocks("down2", modulate("head.told", conv("head", "halves", half)), half, self.down[0])
        at_quarter = conv("down4.narrow", at_half, quarter, 2)
        at_quarter = blocks("down4", modulate("down4.told", at_quarter), quarter, self.down[1])
        # The blocks themselves, as the file has them: 16 x 16 pixels, each place with weights of its own.
        made.append(Unshuffle("squares", PICTURE, _COARSEST))
        conv("squares.widen", "squares", 4 * eighth, 1)
        made.append(Shuffle("squares.shuffle", "squares.widen", 2))
        at_eighth = conv("down8.narrow", at_quarter, eighth, 2, skip="squares.shuffle")
        at_eighth = blocks("down8", modulate("down8.told", at_eighth), eighth, self.down[2])
        bottom = conv("down16.narrow", at_eighth, sixteenth, 2)
        bottom = blocks("down16", modulate("down16.told", bottom), sixteenth, self.bottom)
        at_eighth = blocks("up8", up("up8", bottom, eighth, at_eighth), eighth, self.up[0])
        at_quarter = blocks("up4", up("up4", at_eighth, quarter, at_quarter), quarter, self.up[1])
        at_half = blocks("up2", up("up2", at_quarter, half, at_half), half, self.up[2])
        conv("tail", at_half, 4 * self.channels, gain=0.01, floating=True)
        made.extend([Shuffle("whole", "tail", 2), Add("restored", "whole", PICTURE)])
        return tuple(made)
