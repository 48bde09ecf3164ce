"""The end of a command that is told to stop: tidy, but not long after, whatever a decoder is at."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from artifix.image.output import remove_unfinished

PATIENCE: Final = 3.0
"""Seconds that threads have to come to an end by themselves."""


@contextmanager
def leaving_in_time() -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM end the process at the latest after `PATIENCE`, and leave no unfinished output.

    They raise as before. But the threads that they wait for may be inside of a decoder, which nothing else can end.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def leave(number: int, frame: FrameType | None) -> None:
        timer = threading.Timer(PATIENCE, _end, [128 + number])
        timer.daemon = True
        timer.start()
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    heard = [number for number, handler in before.items() if callable(handler)]
    for number in heard:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _end(status: int) -> None:
    remove_unfinished()
    os._exit(status)
