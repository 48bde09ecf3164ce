"""How far a restored coefficient may go within its interval: by its step, and by how its block was restored.

The whole interval, half a step to each side, is what is promised: the original lies there. Where exactly, a network
says with an error. So the best point is nearer to the middle, and the nearer the smaller the step is beside that error.
`benchmarks/share.py` measures it: with `mse`, on held-out pictures, the best share of a coefficient was

    step    1..8   9..10   11..13   14..17   18..25   26..40   41..70   71..120   121..
    luma    0.05    0.10     0.10     0.15     0.25     0.30     0.35      0.35    0.40
    chroma  0.05    0.15     0.20     0.20     0.25     0.30     0.35      0.40    0.40

the median over the frequencies, which differ by a tenth at most.

And where a network leaves the intervals by far, it does not know what it looks at. In photographs, at any quality, the
restored coefficients of a block lie outside by less than 4 grey levels (the root of their mean square), in 99 blocks of
100; in screentones, dither and line art by 5 to 25. What such a block changes within its intervals is hardly trusted.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_FINE: Final = 0.05
_COARSE: Final = 0.40
_HALFWAY: Final = 20.0  # the step, in grey levels, at which the share is midway between the two
_HALF_TRUSTED: Final = 4.0  # how far outside, in grey levels, a block is to be trusted by half


def share_for(step: NDArray[Any]) -> NDArray[np.float32]:
    """The share of a step, to each side of its middle, that a restored coefficient may use: within 0..0.5."""
    squared = np.square(step, dtype=np.float32)
    share: NDArray[np.float32] = _FINE + (_COARSE - _FINE) * squared / (squared + np.float32(_HALFWAY**2))
    return share


def trust_in(outside: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of what a network changes within the intervals is kept, 0..1, where it leaves them by so much.

    `outside` is the root of the mean square of all of a block's coefficients' distances from their intervals, in grey
    levels.
    """
    return np.reciprocal(1 + (outside / np.float32(_HALF_TRUSTED)) ** 4, dtype=np.float32)
