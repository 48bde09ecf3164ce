"""Pictures beyond about 100 megapixels in temporary files, whose pages the system can move out of memory.

The files have no names and are gone with the arrays. If the folder of temporary files is full, the pictures stay in
memory; if that folder is itself in memory, nothing is gained.
"""

import math
import mmap
import os
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import IO, Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

MOST_IN_MEMORY: Final = 300_000_000
"""Bytes of an array, or of a message between processes, that is still kept in memory."""


def reserved_file(size: int) -> IO[bytes]:
    """A temporary file without a name, whose `size` bytes are reserved: a disk found full later would end the process.

    OSError if there is no room, or the file system cannot reserve it.
    """
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile(prefix="artifix-"))
        os.posix_fallocate(file.fileno(), 0, size)
        stack.pop_all()
    return file


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """A new array to be filled, as `numpy.empty` makes it, in a temporary file if it is large."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > MOST_IN_MEMORY and hasattr(os, "posix_fallocate"):
        with suppress(OSError), reserved_file(size) as file:
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype).reshape(shape)
    return np.empty(shape, dtype)
