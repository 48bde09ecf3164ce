"""What a network is told of the file that a picture comes from: one vector, the same for every codec."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KNOWN_SIZE: Final = 144
_TABLE: Final = 64
_JPEG, _ACROSS, _DOWN, _COLOUR = 128, 129, 130, 131
# 132 to 143 are kept for the codecs and quantisers of WebP, AVIF, JPEG 2000, HEVC and H.264; they are 0 today.
_STEPS: Final = 8.0  # powers of two in the range of a quantisation step of 8 bits


@dataclass(frozen=True)
class Known:
    """What a file says of its coding; with no tables, nothing is known."""

    luma: tuple[int, ...] | None = None
    """64 quantisation steps, row by row, of a JPEG whose 8x8 grid begins at the picture's first pixel."""
    chroma: tuple[int, ...] | None = None
    """The same of Cb and Cr; None for grey."""
    subsampling: tuple[int, int] = (1, 1)
    """How many pixels one chroma sample covers, across and down."""

    def vector(self) -> NDArray[np.float32]:
        """What a network reads, (KNOWN_SIZE,) float32: logarithms of the steps in 0..1, then what else there is."""
        told = np.zeros(KNOWN_SIZE, np.float32)
        if self.luma is None:
            return told
        told[:_TABLE] = _logarithms(self.luma)
        told[_JPEG] = 1
        if self.chroma is not None:
            told[_TABLE : 2 * _TABLE] = _logarithms(self.chroma)
            told[[_ACROSS, _DOWN]] = np.log2(self.subsampling)
            told[_COLOUR] = 1
        return told


NOTHING: Final = Known()


def _logarithms(table: Sequence[int]) -> NDArray[np.float32]:
    return (np.log2(np.asarray(table, np.float32)) / _STEPS).astype(np.float32)
