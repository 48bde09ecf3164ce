"""Numba, typed: what makes this folder's loops as quick as C."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loops = TypeVar("Loops", bound=Callable[..., Any])


def compiled(function: Loops) -> Loops:
    """The function as machine code, made at its first call and kept in `__pycache__`; it runs outside of Python's lock.

    Sums may be taken in another order than they are written in, so that they run in vectors.
    """
    return cast(Loops, numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})(function))
