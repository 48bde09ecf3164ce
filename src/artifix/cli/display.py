"""The output of a run: a progress bar on standard error, records on standard output."""

import dataclasses
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from artifix.printable import counted, printable
from artifix.restoration.pairing import Pair
from artifix.restoration.record import Record
from artifix.restoration.selection import LeftAlone, in_words

LINE_SECONDS: Final = 30.0
"""Seconds between the lines that replace a progress bar."""


class RecordDisplay:
    """A progress bar over `count` pictures, and a line or a JSON record for each that is done.

    If standard error is not a terminal, a line every 30 seconds replaces the bar. Records are written to `output`, or
    to standard output. With `quiet`, only failures and JSON records are printed.
    """

    def __init__(self, count: int, as_json: bool, output: TextIO | None = None, *, quiet: bool = False) -> None:
        self.count, self.as_json, self.quiet = count, as_json, quiet
        console = Console(stderr=True)
        # Kept here, since standard output may be redirected while a library runs.
        self.output = output or sys.stdout
        self.said = time.monotonic()
        self.shares: dict[str, float] = {}
        self.statuses: Counter[str] = Counter()
        self.megapixels, self.began = 0.0, time.perf_counter()
        self.bar = Progress(
            TextColumn("{task.completed:.2f}/{task.total} files"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[speed]}"),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
            redirect_stdout=False,  # or Rich would print records to its own console, standard error
            redirect_stderr=False,
        )
        self.task = self.bar.add_task("", total=count, speed="")

    def __enter__(self) -> Self:
        if not self.bar.disable:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self.bar.disable:  # Rich 13.8 ends even a bar that is not shown with an empty line
            self.bar.stop()
        if self.count > 1 and not self.as_json and not self.quiet:
            counts = ", ".join(f"{number} {status}" for status, number in self.statuses.items())
            self._print(f"{counts or 'nothing done'}; {self._speed()}")

    def advance(self, pair: Pair, share: float) -> None:
        """Advance the bar: `share` of one picture is done, 0..1."""
        self.shares[str(pair.source)] = share
        self._refresh()

    def show(self, record: Record) -> None:
        """Print a finished picture's record; a failure's reason goes to standard error."""
        self.statuses[record.status] += 1
        self.megapixels += record.frames * record.width * record.height / 1e6
        self.shares[record.input] = 1.0
        self._refresh(speed=self._speed())
        if record.status == "failed":
            self._print(f"artifix: {printable(record.error)}", sys.stderr)
        if self.as_json:
            self._print(json.dumps(dataclasses.asdict(record)))
        elif self.quiet:
            return
        elif record.status == "restored":
            about = [_size(record), f"{record.seconds:.1f} s", *record.notes]
            self._print(printable(f"{record.input} -> {record.output} ({', '.join(about)})"))
        elif record.status == "kept":
            self._print(printable(f"{record.output}: exists and is kept (--overwrite replaces it)"))

    def leave_alone(self, left_alone: Sequence[LeftAlone], *, strict: bool = False) -> None:
        """Print on standard error what was left alone in folders; with JSON, a record for each as well."""
        if self.as_json:
            for each in left_alone:
                self._print(json.dumps(dataclasses.asdict(each.record)))
        if left_alone and (strict or not self.quiet):
            said = in_words(left_alone) + (", which --strict does not allow" if strict else "")
            self._print(f"artifix: {printable(said)}", sys.stderr)

    def _refresh(self, **fields: Any) -> None:
        done = sum(self.shares.values())
        self.bar.update(self.task, completed=done, **fields)
        now = time.monotonic()
        if self.bar.disable and not self.quiet and now - self.said >= LINE_SECONDS:
            self.said = now
            self._print(f"artifix: {self._so_far(done)}", sys.stderr)

    def _so_far(self, done: float) -> str:
        """How much is done and how long the rest will take, in words."""
        spent = time.perf_counter() - self.began
        left = "" if done <= 0 else f", about {_duration(spent * (self.count - done) / done)} left"
        return f"{done:.2f} of {counted(self.count, 'file')} done in {_duration(spent)}{left}"

    def _print(self, line: str, stream: TextIO | None = None) -> None:
        """Print a line as it is; on a terminal, above the bar."""
        stream = stream or self.output
        if stream is None:  # closed before the start
            return
        if stream.isatty() and not self.bar.disable:
            self.bar.console.print(Text(line), soft_wrap=True)
        else:
            print(line, file=stream, flush=True)

    def _speed(self) -> str:
        return f"{self.megapixels / (time.perf_counter() - self.began):.2f} megapixels/s"


def _size(record: Record) -> str:
    """`640x480`, `640x480, 12 frames`, or of an archive, whose pages have sizes of their own, `12 pages`."""
    if not record.width:
        return counted(record.frames, "page")
    return f"{record.width}x{record.height}" + (f", {record.frames} frames" if record.frames > 1 else "")


def _duration(seconds: float) -> str:
    """`40 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
