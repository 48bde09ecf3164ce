"""Raters and their ratings, in SQLite: what has been acknowledged is on the disk, whatever happens to the process."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from artifix.errors import OutputError
from artifix.study.order import Trial

FILE: Final = "ratings.sqlite3"
PATIENCE: Final = 30.0
"""Seconds that one writer waits for the others."""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no two that are taken for each other
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS raters (
    number INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    began TEXT NOT NULL,
    completion TEXT NOT NULL,
    age TEXT,
    vision TEXT,
    pixels_per_mm REAL,
    screen TEXT
);
CREATE TABLE IF NOT EXISTS trials (
    rater INTEGER NOT NULL REFERENCES raters,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('practice', 'test', 'repeat', 'check')),
    image TEXT NOT NULL,
    method TEXT NOT NULL,
    other TEXT NOT NULL,
    score REAL CHECK (score BETWEEN 0 AND 100),
    seconds REAL,
    rated TEXT,
    ratio REAL,
    window TEXT,
    PRIMARY KEY (rater, number)
);
CREATE TABLE IF NOT EXISTS invites (
    code TEXT PRIMARY KEY,
    rater INTEGER UNIQUE REFERENCES raters
);
"""


@dataclass(frozen=True)
class Profile:
    """What a rater says before beginning, each None where it was not asked or not said.

    `age` and `vision` are answers of the page's questions, `pixels_per_mm` how many of the screen's pixels are a
    millimetre wide, by a card held to it, and `screen` its size in its own pixels, "1920x1080".
    """

    age: str | None = None
    vision: str | None = None
    pixels_per_mm: float | None = None
    screen: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where a rater is: how many trials, of them for practice, are rated, and the next, None at the end.

    `completion` is the code that shows that the rater has finished, empty before.
    """

    simulated: bool
    practice: int
    total: int
    done: int
    trial: Trial | None
    completion: str


class OutOfTurnError(Exception):
    """A rating of a trial that has not been shown yet."""


class InviteError(Exception):
    """No invitation, an unknown one, or one that somebody has used."""


class Store:
    """The ratings of one study; any number of threads and processes may use it at once.

    OutputError if it cannot be opened.
    """

    def __init__(self, study: str | Path) -> None:
        self.path = Path(study) / FILE
        try:
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise OutputError(f"{self.path}: cannot be opened ({error})") from error

    def add_invites(self, count: int) -> list[str]:
        """New invitation codes, each for one rater; once there is one, nobody begins without."""
        codes = [_code(8) for _ in range(count)]
        with self._transaction() as connection:
            connection.executemany("INSERT INTO invites (code) VALUES (?)", [(code,) for code in codes])
        return codes

    @property
    def by_invitation(self) -> bool:
        """Whether raters need an invitation."""
        with self._connection() as connection:
            return connection.execute("SELECT EXISTS (SELECT 1 FROM invites)").fetchone()[0] == 1

    def add_rater(
        self,
        draw: Callable[[int], Sequence[Trial]],
        *,
        simulated: bool = False,
        profile: Profile = Profile(),
        invite: str = "",
    ) -> str:
        """A new rater's token; `draw` gives the trials of the rater of a number, counted from 1.

        InviteError where the study is by invitation and `invite` is none that is free; simulated raters need none.
        """
        token = secrets.token_urlsafe(16)
        with self._transaction() as connection:
            number = connection.execute(
                "INSERT INTO raters (token, simulated, began, completion, age, vision, pixels_per_mm, screen)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    token,
                    simulated,
                    _now(),
                    _code(8),
                    profile.age,
                    profile.vision,
                    profile.pixels_per_mm,
                    profile.screen,
                ),
            ).lastrowid
            assert number is not None
            if not simulated and connection.execute("SELECT EXISTS (SELECT 1 FROM invites)").fetchone()[0]:
                used = connection.execute(
                    "UPDATE invites SET rater = ? WHERE code = ? AND rater IS NULL", (number, invite.strip().upper())
                )
                if used.rowcount != 1:
                    raise InviteError("this study needs an invitation code that nobody has used")
            connection.executemany(
                "INSERT INTO trials (rater, number, kind, image, method, other) VALUES (?, ?, ?, ?, ?, ?)",
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
        ratio: float | None = None,
        window: str | None = None,
    ) -> Standing:
        """Keep the rating of a rater's trial, counted from 1; when this returns it is on the disk.

        A trial that is rated already keeps its first rating, so that nothing goes wrong where one is sent twice.
        KeyError for an unknown rater, OutOfTurnError for a trial beyond the next, ValueError for a score off any scale.
        """
        if not 0 <= score <= 100:
            raise ValueError(f"a score must be within 0..100, got {score}")
        with self._transaction() as connection:
            if number > self._standing(connection, token).done + 1:
                raise OutOfTurnError(f"trial {number} has not been shown yet")
            connection.execute(
                "UPDATE trials SET score = ?, seconds = ?, rated = ?, ratio = ?, window = ?"
                " WHERE rater = (SELECT number FROM raters WHERE token = ?) AND number = ? AND score IS NULL",
                (score, seconds, _now(), ratio, window, token, number),
            )
        return self.standing(token)

    def _standing(self, connection: sqlite3.Connection, token: str) -> Standing:
        found = connection.execute(
            "SELECT number, simulated, completion FROM raters WHERE token = ?", (token,)
        ).fetchone()
        if found is None:
            raise KeyError(token)
        rater, simulated, completion = found
        practice, total, done = connection.execute(
            "SELECT sum(kind = 'practice'), count(*), count(score) FROM trials WHERE rater = ?", (rater,)
        ).fetchone()
        following = connection.execute(
            "SELECT kind, image, method, other FROM trials WHERE rater = ? AND score IS NULL ORDER BY number LIMIT 1",
            (rater,),
        ).fetchone()
        trial = Trial(*following) if following else None
        return Standing(bool(simulated), practice, total, done, trial, "" if trial else completion)

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
        with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, too
            yield connection


def _code(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
