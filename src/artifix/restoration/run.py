"""What every engine offers: a callable over batches, with what is to know of it."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.models.card import ModelCard

Batch = NDArray[np.float32]
Inside = tuple[bool, bool, bool, bool]
"""Whether the picture goes on at the top, left, bottom and right of a tile."""
Run = Callable[[Batch, Inside], Batch]
Loaded = tuple[ModelCard, Run, str, int]
"""The card, the network, its precision, and the pixels its tiles lose at each side where they are inside."""

WHOLE: Final[Inside] = (False, False, False, False)
