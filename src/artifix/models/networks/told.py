"""The paper's generator, told of its file: the quantisation tables modulate it, and it sees whole blocks.

Two things are added to the residual network of Galteri et al. 2017 (section 3.1). Its maps are scaled and shifted by
what is known of the file (Perez et al. 2018, FiLM). And a side branch works at an eighth of the picture's resolution,
where a block of JPEG is one pixel; it also gives each pixel its place in the block, which the paper's network lacks.
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
    Repeat,
    Shuffle,
    Unshuffle,
)

MOST_BLOCKS: Final = 64
MOST_MAPS: Final = 512
_SQUARE: Final = 16  # pixels that a chroma block of 4:2:0 covers


@dataclass(frozen=True)
class ToldConfig:
    """The shape of a told generator.

    `channels` is 1 for Y and 3 for YCbCr; `features` the maps at half resolution, and `blocks` the residual blocks
    there, of which `early` come before the side branch joins them. `quarter` and `eighth` are the branch's maps at
    those resolutions, `deep` its residual blocks at the latter, `told` the length of the vector made of what is known.
    """

    kind: ClassVar[str] = "told"

    channels: int = 3
    features: int = 64
    blocks: int = 14
    early: int = 4
    quarter: int = 96
    eighth: int = 128
    deep: int = 2
    told: int = 64

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 (Y) or 3 (YCbCr), got {self.channels}")
        if not all(1 <= maps <= MOST_MAPS for maps in (self.features, self.quarter, self.eighth, self.told)):
            raise ValueError(f"features, quarter, eighth and told must be within 1..{MOST_MAPS}")
        if not 0 <= self.early <= self.blocks <= MOST_BLOCKS or not 0 <= self.deep <= MOST_BLOCKS:
            raise ValueError(f"blocks and deep must be within 0..{MOST_BLOCKS}, and early at most blocks")
        _ = self.description  # has limits of its own

    @property
    def description(self) -> Description:
        """The whole network."""
        return Description(self._layers(), self.channels, KNOWN_SIZE)

    def _layers(self) -> tuple[Layer, ...]:
        features, quarter, eighth = self.features, self.quarter, self.eighth
        made: list[Layer] = [
            Dense("told", KNOWN, self.told),
            Conv("head", PICTURE, features, stride=2, slope=SLOPE),
            Modulate("head.told", "head", "told"),
        ]
        maps = _blocks(made, "body", "head.told", features, range(self.early))
        made += [
            Unshuffle("squares", PICTURE, _SQUARE),
            Conv("deep.squares", "squares", 4 * eighth, 1),
            Shuffle("deep.blocks", "deep.squares", 2),
            Conv("deep.quarter", maps, quarter, 2, 2, SLOPE),
            Conv("deep.eighth", "deep.quarter", eighth, 2, 2, skip="deep.blocks"),
            Modulate("deep.told", "deep.eighth", "told"),
        ]
        inner = _blocks(made, "deep", "deep.told", eighth, range(self.deep))
        made += [
            Conv("deep.widen4", inner, 4 * quarter, 1, slope=SLOPE),
            Shuffle("deep.shuffle4", "deep.widen4", 2),
            # Training begins with a branch that adds nothing: from a trained generator, where that one stopped.
            Conv("deep.widen2", "deep.shuffle4", 4 * features, 1, gain=0.0),
            Shuffle("deep.shuffle2", "deep.widen2", 2),
            Add("join", maps, "deep.shuffle2"),
        ]
        maps = _blocks(made, "body", "join", features, range(self.early, self.blocks))
        made += [
            Repeat("repeated", maps, 2),
            Conv("up", "repeated", features, slope=SLOPE),
            Conv("tail", "up", self.channels, gain=0.02),
            Add("restored", "tail", PICTURE),
        ]
        return tuple(made)


def _blocks(made: list[Layer], level: str, source: str, maps: int, numbers: range) -> str:
    """Add residual blocks of the paper's form; the name of the last one's sum."""
    for number in numbers:
        name = f"{level}.{number}"
        made += [
            Conv(f"{name}.conv1", source, maps, slope=SLOPE),
            Conv(f"{name}.conv2", f"{name}.conv1", maps, slope=SLOPE, skip=source, gain=0.1),
        ]
        source = f"{name}.conv2"
    return source
