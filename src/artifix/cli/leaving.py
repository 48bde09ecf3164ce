"""The end of a command that is stopped: clean, and soon, even inside a decoder."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from artifix.cli.stopping import STOPPING
from artifix.image.output import remove_unfinished

PATIENCE: Final = 3.0
"""Seconds that threads have to end by themselves."""


@contextmanager
def leaving_in_time() -> Iterator[None]:
    """Inside it, Ctrl-C and `STOPPING` end the process within `PATIENCE` and leave no unfinished output.

    They raise as before, but the threads that are then waited for may be inside a decoder, which cannot be interrupted.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *STOPPING)}

    def leave(number: int, frame: FrameType | None) -> None:
        timer = threading.Timer(PATIENCE, _end, [128 + number])
        timer.daemon = True
        timer.start()
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    handled = [number for number, handler in before.items() if callable(handler)]
    for number in handled:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


def _end(status: int) -> None:
    remove_unfinished()
    os._exit(status)
