"""Room for pictures beyond about 100 megapixels: in temporary files, whose pages the system can put away.

The files have no names and end with the arrays. Where the folder of temporary files is itself in memory, or is full,
nothing is gained and nothing lost.
"""

import math
import mmap
import os
from tempfile import TemporaryFile
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

MOST_IN_MEMORY: Final = 300_000_000
"""Bytes of an array, or of a message between processes, that is still kept in memory."""


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """A new array to be filled, as `numpy.empty` makes it, in a temporary file if it is large."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > MOST_IN_MEMORY and hasattr(os, "posix_fallocate"):
        try:
            with TemporaryFile(prefix="artifix-") as file:
                os.posix_fallocate(file.fileno(), 0, size)  # a disk found full later would end the process
                memory = mmap.mmap(file.fileno(), size)
            return np.frombuffer(memory, dtype).reshape(shape)
        except OSError:  # no room there, or a file system that cannot reserve it
            pass
    return np.empty(shape, dtype)
