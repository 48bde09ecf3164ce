"""How long a picture was worked on, without the time in which it waited for another's turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_TURNS: Final[ContextVar[list[float] | None]] = ContextVar("turns", default=None)


@contextmanager
def turn() -> Iterator[None]:
    """Time in which something that is shared, such as a network, works for the picture of this context alone."""
    turns, began = _TURNS.get(), time.perf_counter()
    try:
        yield
    finally:
        if turns is not None:
            turns.append(time.perf_counter() - began)


class Clock:
    """Runs from its making on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._waited = 0.0

    @contextmanager
    def pausing_between_turns(self) -> Iterator[None]:
        """Within it only turns count; all of it does if there are none.

        Threads have part in it if they run in a copy of this context.
        """
        turns: list[float] = []
        token, began = _TURNS.set(turns), time.perf_counter()
        try:
            yield
        finally:
            _TURNS.reset(token)
            if turns:
                self._waited += max(0.0, time.perf_counter() - began - sum(turns))

    @property
    def seconds(self) -> float:
        """Seconds of work until now."""
        return time.perf_counter() - self._began - self._waited
