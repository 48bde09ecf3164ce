"""Raters and their ratings, in SQLite: what has been acknowledged is on the disk, whatever happens to the process."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from artifix.errors import DataError, OutputError
from artifix.study.order import Trial

_FILE: Final = "ratings.sqlite3"
_PATIENCE: Final = 30.0  # seconds that one writer waits for the others
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS raters (
    number INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    began TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trials (
    rater INTEGER NOT NULL REFERENCES raters,
    number INTEGER NOT NULL,
    training INTEGER NOT NULL CHECK (training IN (0, 1)),
    image TEXT NOT NULL,
    method TEXT NOT NULL,
    score REAL CHECK (score BETWEEN 0 AND 100),
    seconds REAL,
    scale REAL,
    rated TEXT,
    ratio REAL,
    window TEXT,
    PRIMARY KEY (rater, number)
);
"""
_LATER: Final = {"ratio": "REAL", "window": "TEXT"}  # columns that earlier studies' files lack


@dataclass(frozen=True)
class Rating:
    """One rating. `score` is 0..100; `training` ones count for nothing.

    `seconds` is how long the trial was looked at, `scale` how many of the screen's pixels wide one of the picture's was
    shown, and `rated` when, ISO 8601 in UTC. `ratio` is how many of the screen's pixels made one CSS pixel, the zoom of
    the browser included, and `window` its size in CSS pixels, "1280x720"; None in studies before these were noted.
    """

    rater: int
    simulated: bool
    number: int
    training: bool
    image: str
    method: str
    score: float
    seconds: float
    scale: float
    rated: str
    ratio: float | None
    window: str | None


@dataclass(frozen=True)
class Standing:
    """Where a rater is: how many trials, of them for training, are rated, and the next, None at the end."""

    simulated: bool
    training: int
    total: int
    done: int
    trial: Trial | None


class OutOfTurnError(Exception):
    """A rating of a trial that has not been shown yet."""


class Store:
    """The ratings of one study; any number of threads and processes may use it at once.

    OutputError if it cannot be opened.
    """

    def __init__(self, study: str | Path) -> None:
        self.path = Path(study) / _FILE
        try:
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
                there = _columns(connection)
                for name, kind in _LATER.items():
                    if name not in there:
                        connection.execute(f"ALTER TABLE trials ADD COLUMN {name} {kind}")
        except sqlite3.Error as error:
            raise OutputError(f"{self.path}: cannot be opened ({error})") from error

    def add_rater(self, draw: Callable[[int], Sequence[Trial]], *, simulated: bool = False) -> str:
        """A new rater's token; `draw` gives the trials of the rater of a number, counted from 1."""
        token = secrets.token_urlsafe(16)
        with self._transaction() as connection:
            number = connection.execute(
                "INSERT INTO raters (token, simulated, began) VALUES (?, ?, ?)", (token, simulated, _now())
            ).lastrowid
            assert number is not None
            connection.executemany(
                "INSERT INTO trials (rater, number, image, method, training) VALUES (?, ?, ?, ?, ?)",
                [(number, place, *trial) for place, trial in enumerate(draw(number), start=1)],
            )
        return token

    def standing(self, token: str) -> Standing:
        """Where the rater of this token is; KeyError if there is none."""
        with self._connection() as connection:
            return self._standing(connection, token)

    def rate(
        self,
        token: str,
        number: int,
        score: float,
        *,
        seconds: float,
        scale: float,
        ratio: float | None = None,
        window: str | None = None,
    ) -> Standing:
        """Keep the rating of a rater's trial, counted from 1; when this returns it is on the disk.

        A trial that is rated already keeps its first rating, so that nothing goes wrong where one is sent twice.
        KeyError for an unknown rater, OutOfTurnError for a trial beyond the next, ValueError for a score off the scale.
        """
        if not 0 <= score <= 100:
            raise ValueError(f"a score must be within 0..100, got {score}")
        with self._transaction() as connection:
            if number > self._standing(connection, token).done + 1:
                raise OutOfTurnError(f"trial {number} has not been shown yet")
            connection.execute(
                "UPDATE trials SET score = ?, seconds = ?, scale = ?, rated = ?, ratio = ?, window = ?"
                " WHERE rater = (SELECT number FROM raters WHERE token = ?) AND number = ? AND score IS NULL",
                (score, seconds, scale, _now(), ratio, window, token, number),
            )
        return self.standing(token)

    def _standing(self, connection: sqlite3.Connection, token: str) -> Standing:
        found = connection.execute("SELECT number, simulated FROM raters WHERE token = ?", (token,)).fetchone()
        if found is None:
            raise KeyError(token)
        rater, simulated = found
        training, total, done = connection.execute(
            "SELECT sum(training), count(*), count(score) FROM trials WHERE rater = ?", (rater,)
        ).fetchone()
        following = connection.execute(
            "SELECT image, method, training FROM trials WHERE rater = ? AND score IS NULL ORDER BY number LIMIT 1",
            (rater,),
        ).fetchone()
        trial = Trial(following[0], following[1], bool(following[2])) if following else None
        return Standing(bool(simulated), training, total, done, trial)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, too
            yield connection


def read_ratings(study: str | Path) -> list[Rating]:
    """Every rating in a study's folder, by rater and trial; none where nobody has begun. DataError if it is broken."""
    columns = "rater, simulated, t.number, training, image, method, score, seconds, scale, rated"

    def query(there: set[str]) -> str:
        later = "".join(f", {name if name in there else 'NULL'}" for name in _LATER)
        return (
            f"SELECT {columns}{later} FROM trials t JOIN raters r ON r.number = t.rater"
            " WHERE score IS NOT NULL ORDER BY rater, t.number"
        )

    rows = _read(study, query)
    return [Rating(rater, bool(simulated), n, bool(training), *rest) for rater, simulated, n, training, *rest in rows]


def read_raters(study: str | Path) -> dict[int, bool]:
    """The number of everybody who has begun, and whether that is a simulated rater. DataError as `read_ratings`."""
    return {
        rater: bool(simulated)
        for rater, simulated in _read(study, lambda there: "SELECT number, simulated FROM raters")
    }


def _read(study: str | Path, query: Callable[[set[str]], str]) -> list[tuple[Any, ...]]:
    path = Path(study) / _FILE
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
            return connection.execute(query(_columns(connection))).fetchall()
    except sqlite3.Error as error:
        raise DataError(f"{path}: no ratings of a study ({error})") from error


def _columns(connection: sqlite3.Connection) -> set[str]:
    """The names of what is noted of a trial."""
    return {name for _, name, *_ in connection.execute("PRAGMA table_info(trials)")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
