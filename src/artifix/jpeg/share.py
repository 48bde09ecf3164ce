"""How far a restored coefficient may go within its interval: by its step, and by how its block was restored.

The whole interval, half a step to each side, is what is promised: the original lies there. Where exactly, a network
says with an error. So the best point is nearer to the middle, and the nearer the smaller the step is beside that error.
It errs more where there is texture, which shows in how many of the block's coefficients are not 0.
`benchmarks/share.py` measures it: with `faithful`, on held-out pictures, the best share was, by step and that number,

    luma       step 1     2     4   7..8   11..13   18..25   41..70
    0..3            0  0.15  0.35   0.35     0.35     0.35     0.35
    4..7         0.10  0.20  0.35   0.30     0.35     0.35     0.35
    8..15        0.10  0.10  0.20   0.25     0.30     0.30     0.35
    16..31       0.05  0.05  0.05   0.10     0.20     0.30     0.40
    32..47       0.05  0.02  0.05   0.15     0.20     0.30     0.35
    48..63       0.05  0.02  0.02   0.10     0.15     0.25     0.30
    chroma
    0..3         0.05  0.10  0.15   0.15     0.25     0.25     0.35
    4..7         0.10  0.05  0.05   0.10     0.20     0.25     0.35
    8..15        0.05  0.02  0.02   0.15     0.25     0.35     0.40
    16..31       0.10  0.02  0.05   0.25     0.30     0.35     0.25
    32..47       0.10  0.05  0.05   0.20     0.20     0.25

And where much of what a network changes lies outside of the intervals, it does not know what it looks at: it takes the
edges of a mosaic for a JPEG's blocks. With a network that is told the tables, on held-out photographs and drawings at
qualities 10 to 98, the best multiple of what it changes within the intervals of a block was, by the part outside (the
roots of the two mean squares, chroma of 4:4:4),

    outside / change       ..0.1   ..0.2   ..0.3   ..0.45   ..0.6   ..0.8   ..1
    photographs, luma       1.01    1.04    1.01
    photographs, chroma     1.03    0.97    0.91    0.85     0.52
    drawings, luma          1.12    1.17    1.21    1.02     0.26    0.00   0.05
    drawings, chroma        1.07    1.13    1.12    0.98     0.39    0.25   0.10
    mosaics, luma           0.86    0.62    0.21    0.11     0.05    0.01
    mosaics, chroma         1.01    0.70    0.34    0.05     0.02    0.00   0.03
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_FINE: Final = 0.05
_COARSE: Final = 0.40
# The step, in grey levels, at which the share is midway between the two: in a block without texture, and by how much
# more for each coefficient that is not 0.
_HALFWAY: Final = 3.0
_HALFWAY_BUSY: Final = 0.25
_HALF_TRUSTED: Final = 0.3  # of a block's change lies outside, and it is trusted by half
_LEAST_CHANGE: Final = 1e-6  # in squared grey levels, so that nothing divides by zero


def share_for(step: NDArray[Any], busy: NDArray[Any] | float) -> NDArray[np.float32]:
    """The share of a step, to each side of its middle, that a restored coefficient may use: within 0..0.5.

    `busy` is the number of its block's coefficients, apart from the lowest, that are not 0: 0..63.
    """
    squared = np.square(step, dtype=np.float32)
    halfway = np.square(_HALFWAY + _HALFWAY_BUSY * np.float32(busy), dtype=np.float32)
    share: NDArray[np.float32] = _FINE + (_COARSE - _FINE) * squared / (squared + halfway)
    return share


def limits_for(quantised: NDArray[np.int16], table: NDArray[np.int32]) -> NDArray[np.float32]:
    """How far each coefficient may lie from the middle of its interval, for blocks (N, R, 8, C, 8), of that shape."""
    counts = np.arange(quantised.shape[2] * quantised.shape[4])[:, None, None]
    limits = (share_for(table, counts) * table).astype(np.float32)
    busy = np.count_nonzero(quantised, axis=(2, 4)) - (quantised[:, :, 0, :, 0] != 0)
    return limits[busy].swapaxes(2, 3)


def trust_in(change: NDArray[np.float32], outside: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of what a network changes within the intervals of a block is kept, 0..1.

    `change` is the mean square of all that it changes in the block's coefficients, from the middles of their intervals,
    and `outside` that of the part outside of the intervals, both in squared grey levels.
    """
    part = outside / (change + np.float32(_LEAST_CHANGE))
    return np.reciprocal(1 + (part / np.float32(_HALF_TRUSTED**2)) ** 3, dtype=np.float32)
