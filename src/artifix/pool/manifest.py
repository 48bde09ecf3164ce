"""What a run over a folder did, as Parquet beside its outputs: a row for each picture, and what is known to be done.

OUT/manifest.parquet          a row for each picture, of all runs that ended
OUT/manifest.parts/*.parquet  rows of a run that is not finished; a later row takes an earlier one's place
"""

import dataclasses
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from artifix.errors import DataError
from artifix.pool.remote import Folder, why
from artifix.restoration.record import SCHEMA_VERSION, Record, Status

MANIFEST: Final = "manifest.parquet"
PARTS: Final = "manifest.parts"

# A part is written after so many rows or seconds, so a run that is killed forgets no more than that.
_PART_ROWS: Final = 10_000
_PART_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one picture: the fields of `Record`, and what a later run has to know.

    Names are paths in the input and the output folder.
    """

    input: str
    output: str
    input_bytes: int
    """With `stamp`, what changes if the input does."""
    stamp: str
    """The input's ETag or time of change, whichever its filesystem has."""
    status: Status
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    """Of work, the way from the input folder and to the output folder included."""
    notes: tuple[str, ...] = ()
    error: str = ""
    finished: float = 0.0
    """When, in seconds since 1970."""
    model: str = ""
    settings: str = ""
    """What was asked for, as `FileRestorer.settings_at` says it."""
    engine: str = ""
    precision: str = ""
    strength: float = 1.0
    detail: float = 0.0
    bound: str = ""
    frames: int = 1
    output_bytes: int = 0


_TYPES: Final[dict[Any, pa.DataType]] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    tuple[str, ...]: pa.list_(pa.string()),
}
SCHEMA: Final = pa.schema(
    [(field.name, _TYPES.get(field.type, pa.string())) for field in dataclasses.fields(Row)],  # Status is a string
    {"artifix.records": str(SCHEMA_VERSION)},
)
OF_RECORDS: Final = tuple(
    field.name
    for field in dataclasses.fields(Row)
    if field.name in Record.__dataclass_fields__ and field.name not in ("input", "output", "input_bytes")
)
"""The fields that a record decides of its row."""

_DEFAULTS: Final = {
    field.name: field.default for field in dataclasses.fields(Row) if field.default is not dataclasses.MISSING
}
_RENAMED: Final = {"source": "input", "size": "input_bytes"}  # in manifests of before there was a version
_NEEDED: Final = ("input", "output", "input_bytes", "stamp", "status", "error", "finished")


def table_of(rows: list[Row]) -> pa.Table:
    """The rows as Arrow has them, by `SCHEMA`."""
    return pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], SCHEMA)


def rows_of(table: pa.Table) -> list[Row]:
    """The rows in such a table, in one of before there was a version, too."""
    table = table.rename_columns([_RENAMED.get(name, name) for name in table.column_names])
    known = [name for name in table.column_names if name in SCHEMA.names]
    rows = table.select(known).cast(pa.schema([SCHEMA.field(name) for name in known])).to_pylist()
    given = ({name: value for name, value in row.items() if value is not None} for row in rows)
    return [Row(**_DEFAULTS | row | {"notes": tuple(row.get("notes") or ())}) for row in given]


class Manifest:
    """The manifest of an output folder: `rows` by their input; new ones reach the folder a part at a time.

    `there` names the files in the folder, `token` is the run's own.
    DataError if the folder has a manifest that cannot be read.
    """

    def __init__(self, folder: Folder, there: Collection[str], token: str) -> None:
        self.folder, self.token = folder, token
        self.rows: dict[str, Row] = {}
        self.parts = sorted(name for name in there if name.startswith(f"{PARTS}/") and name.endswith(".parquet"))
        for name in [MANIFEST] * (MANIFEST in there) + self.parts:
            self.rows |= {row.input: row for row in _read(folder, name)}
        self._waiting: list[Row] = []
        self._written = time.monotonic()

    def add(self, row: Row) -> None:
        """Take a row in place of the input's earlier one."""
        self.rows[row.input] = row
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
            _write(self.folder, MANIFEST, sorted(self.rows.values(), key=lambda row: row.input), self.token)
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
            table = pq.read_table(local)
            names = {_RENAMED.get(name, name) for name in table.column_names}
            if missing := sorted(set(_NEEDED) - names):
                raise ValueError(f"it has no {', '.join(missing)}")
            return rows_of(table)
        except Exception as error:  # Arrow's, or a column that is not ours
            reason = why(error).replace(str(local), name)
            raise DataError(f"{folder.address(name)}: is not a manifest of artifix, move it away ({reason})") from error


def _write(folder: Folder, name: str, rows: list[Row], token: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        local = Path(temporary) / "rows.parquet"
        pq.write_table(table_of(rows), local)
        folder.put(local, name, token)
