"""What every codec here is: two functions, and the range of its own quality factor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SUBSAMPLINGS: Final = ("4:2:0", "4:2:2", "4:4:4")


@dataclass(frozen=True)
class Codec:
    """A lossy codec of still pictures.

    `encode(image, quality, subsampling)` makes a file of an (H, W, 3) RGB or (H, W) grey image, `decode(data)` an image
    of that file; either raises CodecError where what it needs is not installed.
    """

    factor: str
    """What its own quality factor is called."""
    worst: int
    best: int
    """The factor's range, in steps of one; QP counts down."""
    encode: Callable[[Pixels, int, str], bytes]
    decode: Callable[[bytes], Pixels]
    subsamplings: tuple[str, ...] = SUBSAMPLINGS
    """The chroma that it can have, the default first."""

    @property
    def step(self) -> int:
        """1 where a larger factor is better, else -1."""
        return 1 if self.best > self.worst else -1

    @property
    def range(self) -> range:
        """Every factor, from the worst to the best."""
        return range(self.worst, self.best + self.step, self.step)
