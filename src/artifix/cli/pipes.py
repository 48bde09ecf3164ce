"""Pipes instead of files: standard input and output as `-`, named pipes and devices."""

import dataclasses
import shutil
import stat
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, Self

import typer

from artifix.errors import ImageError, OutputError
from artifix.image.signature import SIGNATURE_BYTES, signature
from artifix.restoration.record import Record

STANDARD: Final = "-"
LONGEST: Final = 4 << 30
"""Bytes that are taken from a pipe."""
_PIECE: Final = 1 << 20


class Pipes:
    """A temporary folder with a file for each pipe, since pictures are read and written more than once.

    `named` puts the names of the pipes into the record of such a file, `shown` into any text.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="artifix-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def receive(self, name: str) -> Path:
        """The path of an input; for a pipe, of a file with its whole content. ImageError if reading it fails."""
        if not is_pipe(name):
            return Path(name)
        path = self._folder / f"input-{len(self._names)}"
        try:
            with path.open("xb") as file:
                if name != STANDARD:
                    with Path(name).open("rb") as pipe:
                        _receive(pipe, file)
                elif sys.stdin:
                    _receive(sys.stdin.buffer, file)
                else:
                    raise ImageError("standard input: is closed")
        except OSError as error:
            raise ImageError(f"{_shown(name, 'input')}: {error.strerror or error}") from error
        self._names[str(path)] = _shown(name, "input")
        return path

    def stand_in(self, name: str, suffix: str) -> Path:
        """The path of the file that `send` later copies into the pipe `name`."""
        path = self._folder / f"output{suffix}"
        self._names[str(path)] = _shown(name, "output")
        return path

    def send(self, path: Path, name: str) -> None:
        """Copy a file into a pipe; OutputError if the pipe has no reader."""
        try:
            with path.open("rb") as file:
                if name == STANDARD:
                    self._copy(file, sys.stdout.buffer)
                else:
                    with Path(name).open("wb") as pipe:
                        self._copy(file, pipe)
        except OSError as error:
            raise OutputError(f"{_shown(name, 'output')}: cannot be written ({error.strerror or error})") from error

    def named(self, record: Record) -> Record:
        """The record, with the names of the pipes instead of their files."""
        return dataclasses.replace(
            record, input=self.shown(record.input), output=self.shown(record.output), error=self.shown(record.error)
        )

    def shown(self, text: str) -> str:
        """The text, with the names of the pipes instead of their files."""
        for path, name in self._names.items():
            text = text.replace(path, name)
        return text

    @staticmethod
    def _copy(file: BinaryIO, pipe: BinaryIO) -> None:
        shutil.copyfileobj(file, pipe)
        pipe.flush()


def _receive(pipe: BinaryIO, file: BinaryIO) -> None:
    """Copy what comes out of a pipe, which may have no end; of what is no picture only enough to say so."""
    head = pipe.read(SIGNATURE_BYTES)
    file.write(head)
    left = LONGEST if signature(head) else 0
    while left and (piece := pipe.read(min(_PIECE, left))):
        file.write(piece)
        left -= len(piece)
    if signature(head) and not left:
        raise OSError(f"more than {LONGEST >> 30} GiB")


def is_pipe(name: str) -> bool:
    """Whether it is `-`, a named pipe or a device."""
    if name == STANDARD:
        return True
    try:
        mode = Path(name).stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def check_pipes(inputs: list[str], output: str | None) -> str | None:
    """The output; standard output if none is given and the input is standard input.

    BadParameter where a pipe is not possible.
    """
    if STANDARD in inputs:
        if len(inputs) > 1:
            raise typer.BadParameter("standard input cannot be combined with other inputs", param_hint="INPUT...")
        output = output or STANDARD
        if not is_pipe(output) and (Path(output).is_dir() or not Path(output).suffix):
            raise typer.BadParameter(
                "must be a file if the input is standard input, which has no name", param_hint="--output"
            )
    if output is not None and is_pipe(output):
        if len(inputs) > 1 or Path(inputs[0]).is_dir():
            raise typer.BadParameter("a pipe takes one picture, and there are more", param_hint="--output")
        if output == STANDARD and sys.stdout.isatty():
            raise typer.BadParameter("a terminal cannot show a picture; redirect standard output", param_hint="-o")
    return output


def _shown(name: str, direction: str) -> str:
    return f"standard {direction}" if name == STANDARD else name
