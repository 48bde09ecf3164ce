"""Containers: one that is written into an open file, and one of our own that is read again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import av

from artifix.errors import OutputError


@contextmanager
def open_container(file: BinaryIO, name: str) -> Iterator[Any]:
    """PyAV's container of this name (FFmpeg's) over a file; an OSError in writing the file comes out as it was."""
    watched = _Watched(file)
    try:
        with av.open(watched, "w", format=name) as container:
            yield container
    except Exception:
        if watched.error:  # PyAV reports only that a callback failed
            raise watched.error from None
        raise


@contextmanager
def reopen_container(path: Path) -> Iterator[Any]:
    """A container that was written earlier; OutputError if FFmpeg cannot read it, now or later."""
    try:
        with av.open(f"file:{path}") as container:  # the prefix: a name may have a colon
            yield container
    except av.FFmpegError as error:
        raise OutputError(f"{path}: cannot be read again ({error.strerror})") from error


class _Watched:
    """A file that remembers the first error in writing it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.seek, self.tell = file, file.seek, file.tell
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise
