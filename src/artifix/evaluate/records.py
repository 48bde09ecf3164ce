"""What was measured of single pictures, in memory and in SQLite: a stopped run continues where it was."""

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from artifix.errors import OutputError

Outcomes = dict[str, list[tuple[float, int]]]
"""Class -> score and whether it is right, 1 or 0, of each detection that counts, best first."""
Key = tuple[str, str, str | None, int | None, str]
"""Data set, image, codec, quality and method."""
Row = tuple[str, str | None, int | None, str]
"""Data set, codec, quality and method: what a mean is of."""

_ENDING: Final = ".records.sqlite3"
_PATIENCE: Final = 30.0  # seconds that one process waits for another


@dataclass(frozen=True)
class Cell:
    """What is measured of a picture: a method, in the state that `fingerprint` names, after a codec at a quality.

    The original has neither codec nor quality. `coding` distinguishes two settings of one codec at one quality.
    """

    codec: str | None
    quality: int | None
    method: str
    fingerprint: str
    coding: str = ""


@dataclass(frozen=True)
class Record:
    """One picture in one cell.

    `figures` are the metrics, and `bpp`, the coded file's bits per pixel, and `seconds`, what the method alone took
    beside all else that ran. `outcomes` is what a detector saw. `commit` and `date` (ISO 8601) say what measured it,
    and when.
    """

    dataset: str
    image: str
    cell: Cell
    commit: str
    date: str
    figures: dict[str, float] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """What it is a part of the mean of."""
        return self.dataset, self.cell.codec, self.cell.quality, self.cell.method

    @property
    def key(self) -> Key:
        """What it is the record of."""
        return self.dataset, self.image, self.cell.codec, self.cell.quality, self.cell.method


@dataclass(kw_only=True)
class Records:
    """The records of a run and, with a store, of the runs before it."""

    records: dict[Key, Record] = field(default_factory=dict)
    store: "Store | None" = field(default=None, compare=False, repr=False)
    fresh: set[Row] = field(default_factory=set, compare=False, repr=False)
    """The rows of which this run has measured a part."""

    def add(self, *records: Record) -> None:
        """Keep records in place of earlier ones of the same keys; with a store, on the disk."""
        for record in records:
            self.records[record.key] = record
            self.fresh.add(record.row)
        if self.store:
            self.store.add(records)

    def holds(self, dataset: str, image: str, cell: Cell, metrics: Collection[str]) -> bool:
        """Whether a picture has been measured in this cell, by all these metrics."""
        known = self.records.get((dataset, image, cell.codec, cell.quality, cell.method))
        return known is not None and known.cell == cell and known.figures.keys() >= set(metrics)


class Store:
    """Records on the disk, beside the results file that they belong to; OutputError if they cannot be kept there.

    A store whose results file is gone is an OutputError, too: its records are of an earlier run, and only the user
    knows whether they are still wanted.
    """

    def __init__(self, results: str | Path) -> None:
        self.path = Path(results).with_suffix(_ENDING)
        if self.path.exists() and not Path(results).exists():
            raise OutputError(
                f"{self.path}: holds the records of {results}, which is not there; remove it to begin anew, or put"
                " the results back"
            )

    def read(self) -> Iterator[Record]:
        """All records, in the order in which they were first measured."""
        if not self.path.exists():
            return iter(())
        with self._transaction() as connection:
            rows = connection.execute("SELECT value FROM records ORDER BY rowid").fetchall()
        return (_record(json.loads(value)) for (value,) in rows)

    def add(self, records: Iterable[Record]) -> None:
        """Keep records, in place of earlier ones of the same keys, before this returns."""
        rows = [(json.dumps(record.key), json.dumps(dataclasses.asdict(record))) for record in records]
        with self._transaction() as connection:
            insert = "INSERT INTO records VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            connection.executemany(insert, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection, connection:
                connection.execute("CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
                yield connection
        except sqlite3.Error as error:
            raise OutputError(f"{self.path}: records cannot be kept there ({error})") from error


def _record(values: dict[str, Any]) -> Record:
    outcomes = {name: [(score, right) for score, right in seen] for name, seen in values["outcomes"].items()}
    return Record(**values | {"cell": Cell(**values["cell"]), "outcomes": outcomes})


Mean = TypeVar("Mean")


def flat(item: Any) -> dict[str, Any]:
    """A dataclass with `figures` as plain values, the figures among the others, as results files have them."""
    values = dataclasses.asdict(item)
    return values | values.pop("figures")


def from_flat(cls: type[Mean], values: dict[str, Any]) -> Mean:
    """The inverse of `flat`: what is no field of the class is a figure; TypeError if a field is missing."""
    names = {each.name for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
    fields = {name: value for name, value in values.items() if name in names}
    return cls(**fields | {"figures": {name: value for name, value in values.items() if name not in names}})
