"""What a run over a folder did, as Parquet beside its outputs: a row for each picture, and what is known to be done.

OUT/manifest.parquet          a row for each picture, of all runs that ended
OUT/manifest.parts/*.parquet  rows of a run that goes on, or was stopped; a later row takes an earlier one's place
"""

import dataclasses
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from artifix.errors import DataError
from artifix.restoration.record import Status
from artifix.restoration.remote import Folder, why

MANIFEST: Final = "manifest.parquet"
PARTS: Final = "manifest.parts"

# A part is written after so many rows or seconds, so a run that is killed forgets no more than that.
_PART_ROWS: Final = 10_000
_PART_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one picture. Names are paths in the source and the output folder."""

    source: str
    output: str
    size: int
    """Of the source, in bytes; with `stamp`, what tells whether it changed."""
    stamp: str
    """The source's ETag or time of change, whatever its filesystem tells."""
    status: Status
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    error: str = ""
    finished: float = 0.0
    """When, in seconds since 1970."""
    model: str = ""
    """What restored it."""
    settings: str = ""
    """What was asked for, as `FileRestorer.settings_at` says it."""


SCHEMA: Final = pa.schema(
    {
        "source": pa.string(),
        "output": pa.string(),
        "size": pa.int64(),
        "stamp": pa.string(),
        "status": pa.string(),
        "width": pa.int32(),
        "height": pa.int32(),
        "seconds": pa.float64(),
        "notes": pa.list_(pa.string()),
        "error": pa.string(),
        "finished": pa.float64(),
        "model": pa.string(),
        "settings": pa.string(),
    }
)

_LATER: Final = ("model", "settings")  # which manifests had none of at first
_NEEDED: Final = set(SCHEMA.names) - set(_LATER)


def table_of(rows: list[Row]) -> pa.Table:
    """The rows as Arrow has them, by `SCHEMA`."""
    return pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], SCHEMA)


def rows_of(table: pa.Table) -> list[Row]:
    """The rows in such a table."""
    # Notes of none, and columns that a manifest does not have, come as null.
    rows = (
        {name: value or "" if name in _LATER else value for name, value in row.items()} for row in table.to_pylist()
    )
    return [Row(**row | {"notes": tuple(row["notes"] or ())}) for row in rows]


class Manifest:
    """The manifest of an output folder: `rows` by their source; new ones reach the folder a part at a time.

    `there` names the files in the folder, `token` is the run's own.
    DataError if the folder has a manifest that cannot be read.
    """

    def __init__(self, folder: Folder, there: Collection[str], token: str) -> None:
        self.folder, self.token = folder, token
        self.rows: dict[str, Row] = {}
        self.parts = sorted(name for name in there if name.startswith(f"{PARTS}/") and name.endswith(".parquet"))
        for name in [MANIFEST] * (MANIFEST in there) + self.parts:
            self.rows |= {row.source: row for row in _read(folder, name)}
        self._waiting: list[Row] = []
        self._written = time.monotonic()

    def add(self, row: Row) -> None:
        """Take a row in place of the source's earlier one."""
        self.rows[row.source] = row
        self._waiting.append(row)
        if len(self._waiting) >= _PART_ROWS or time.monotonic() - self._written > _PART_SECONDS:
            self.save_part()

    def save_part(self) -> None:
        """Write what has come since the last part."""
        if self._waiting:
            # By time, so that the parts of runs that were stopped are read in their order.
            name = f"{PARTS}/{time.time_ns():020}-{self.token}.parquet"
            _write(self.folder, name, self._waiting, self.token)
            self.parts.append(name)
            self._waiting = []
        self._written = time.monotonic()

    def close(self) -> None:
        """Make the parts into the one manifest."""
        self.save_part()
        if self.parts:
            _write(self.folder, MANIFEST, sorted(self.rows.values(), key=lambda row: row.source), self.token)
        for name in self.parts:
            self.folder.remove(name)
        self.parts = []


def _read(folder: Folder, name: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as temporary:
        local = Path(temporary) / "rows.parquet"
        try:
            folder.fetch(name, local)
        except Exception as error:  # every filesystem has its own
            raise DataError(f"{folder.address(name)}: cannot be read ({why(error)})") from error
        try:
            if missing := _NEEDED - set(pq.read_schema(local).names):
                raise ValueError(f"it has no {', '.join(sorted(missing))}")
            return rows_of(pq.read_table(local, schema=SCHEMA))
        except Exception as error:  # Arrow's, or a column that is not ours
            reason = why(error).replace(str(local), name)
            raise DataError(f"{folder.address(name)}: is no manifest of ours, move it away ({reason})") from error


def _write(folder: Folder, name: str, rows: list[Row], token: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        local = Path(temporary) / "rows.parquet"
        pq.write_table(table_of(rows), local)
        folder.put(local, name, token)
