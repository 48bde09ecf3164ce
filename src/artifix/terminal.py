"""What a person sees while pictures are restored: a bar on standard error, records on standard output."""

import dataclasses
import json
import time
from collections import Counter
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from artifix.restoration.folder import Pair, Record


class RecordDisplay:
    """A bar over `count` pictures while they are restored, a line or a JSON record for each that is done."""

    def __init__(self, count: int, as_json: bool) -> None:
        self.count, self.as_json = count, as_json
        self.out, self.err = Console(soft_wrap=True, highlight=False), Console(stderr=True, soft_wrap=True)
        self.shares: dict[str, float] = {}
        self.statuses: Counter[str] = Counter()
        self.megapixels, self.began = 0.0, time.perf_counter()
        self.bar = Progress(
            TextColumn("{task.completed:.1f}/{task.total} pictures"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[speed]}"),
            console=self.err,
            transient=True,
            disable=not self.err.is_terminal,
        )
        self.task = self.bar.add_task("", total=count, speed="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
        if self.count > 1 and not self.as_json:
            counts = ", ".join(f"{number} {status}" for status, number in self.statuses.items())
            self.out.print(f"{counts or 'nothing done'}; {self._speed()}", markup=False)

    def hear(self, pair: Pair, share: float) -> None:
        """Move the bar: so much of one picture is done, 0..1."""
        self.shares[str(pair.source)] = share
        self.bar.update(self.task, completed=sum(self.shares.values()))

    def show(self, record: Record) -> None:
        """Print a finished picture's record; a failure's reason goes to standard error."""
        self.statuses[record.status] += 1
        self.megapixels += record.width * record.height / 1e6
        self.shares[record.source] = 1.0
        self.bar.update(self.task, completed=sum(self.shares.values()), speed=self._speed())
        if self.as_json:
            self.out.print(json.dumps(dataclasses.asdict(record)), markup=False)
        elif record.status == "restored":
            size = f"{record.width}x{record.height}, {record.seconds:.1f} s"
            self.out.print(f"{record.source} -> {record.target} ({', '.join([size, *record.notes])})", markup=False)
        elif record.status == "kept":
            self.out.print(f"{record.target}: exists and is kept (--overwrite replaces it)", markup=False)
        if record.status == "failed":
            self.err.print(f"artifix: {record.error}", markup=False, highlight=False)

    def _speed(self) -> str:
        return f"{self.megapixels / (time.perf_counter() - self.began):.2f} megapixels/s"
