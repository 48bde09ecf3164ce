"""What libjpeg finds damaged in a file: it goes on decoding, and writes a line to the process's standard error."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import Final

_STANDARD_ERROR: Final = 2
# libjpeg's messages (jerror.h) of what is wrong with the coded pixels, and of what does not matter to them.
_DAMAGE: Final = re.compile(r"(Corrupt JPEG data: .*|Inconsistent progression sequence .*|Premature end of JPEG file)")
_HARMLESS: Final = re.compile(
    r"(Warning: unknown JFIF revision|Unknown Adobe color transform|Invalid SOS parameters) .*"
)
_LOCK: Final = threading.Lock()


@contextmanager
def listening() -> Iterator[list[str]]:
    """The lines on damage that libjpeg writes inside the context, once each; they are in the list when it ends.

    Standard error is turned into a file meanwhile. What else is written to it, as by another thread, is passed on at
    the end. Without a standard error nothing is found.
    """
    found: list[str] = []
    with _LOCK, TemporaryFile() as file:
        try:
            own = os.dup(_STANDARD_ERROR)
        except OSError:
            yield found
            return
        try:
            os.dup2(file.fileno(), _STANDARD_ERROR)
            yield found
        finally:
            os.dup2(own, _STANDARD_ERROR)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                text = line.decode(errors="replace").strip()
                if _DAMAGE.fullmatch(text):
                    found += [] if text in found else [text]
                elif not _HARMLESS.fullmatch(text):
                    with suppress(OSError):
                        os.write(own, line)
            os.close(own)
