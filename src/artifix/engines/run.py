"""What every engine offers: a callable over batches, with what is to know of it."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Batch = NDArray[np.float32]
Vector = NDArray[np.float32]
"""What a network is told of the file, (1, K)."""
Inside = tuple[bool, bool, bool, bool]
"""Whether the picture continues at the top, left, bottom and right of a tile."""
Run = Callable[[Batch, Inside, Vector], Batch]

WHOLE: Final[Inside] = (False, False, False, False)


class Loaded(NamedTuple):
    """A network that is ready to run."""

    run: Run
    precision: str
    trim: int = 0
    """The pixels that its tiles lose at each side where they are inside the picture."""
