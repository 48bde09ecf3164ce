"""What lies in a study's store, read for reports: every rating, and who gave it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifix.errors import DataError
from artifix.study.order import Kind
from artifix.study.store import FILE, PATIENCE


@dataclass(frozen=True)
class Rating:
    """One rating, on the scale of the study's procedure.

    `seconds` is how long the trial was looked at, and `rated` when, ISO 8601 in UTC. `ratio` is how many of the
    screen's pixels made one CSS pixel, the zoom of the browser included, and `window` its size in CSS pixels,
    "1280x720"; None for simulated raters without a browser.
    """

    rater: int
    simulated: bool
    number: int
    kind: Kind
    image: str
    method: str
    other: str
    score: float
    seconds: float
    rated: str
    ratio: float | None
    window: str | None


@dataclass(frozen=True)
class Rater:
    """Somebody who has begun; see `Profile` for what was said, and `done` of `total` trials are rated."""

    number: int
    simulated: bool
    began: str
    completion: str
    age: str | None
    vision: str | None
    pixels_per_mm: float | None
    screen: str | None
    invite: str | None
    total: int
    done: int
    last: str | None

    @property
    def finished(self) -> bool:
        """Whether all is rated."""
        return self.done == self.total

    @property
    def sees_well(self) -> bool:
        """Whether nothing was said against the rater's vision."""
        return self.vision != "impaired"


def read_ratings(study: str | Path) -> list[Rating]:
    """Every rating in a study's folder, by rater and trial; none where nobody has begun. DataError if it is broken."""
    rows = _read(
        study,
        "SELECT rater, simulated, t.number, kind, image, method, other, score, seconds, rated, ratio, window"
        " FROM trials t JOIN raters r ON r.number = t.rater WHERE score IS NOT NULL ORDER BY rater, t.number",
    )
    return [Rating(rater, bool(simulated), *rest) for rater, simulated, *rest in rows]


def read_raters(study: str | Path) -> list[Rater]:
    """Everybody who has begun, by number. DataError as `read_ratings`."""
    rows = _read(
        study,
        "SELECT r.number, simulated, began, completion, age, vision, pixels_per_mm, screen, i.code,"
        " count(*), count(score), max(rated)"
        " FROM raters r JOIN trials t ON t.rater = r.number LEFT JOIN invites i ON i.rater = r.number"
        " GROUP BY r.number ORDER BY r.number",
    )
    return [Rater(number, bool(simulated), *rest) for number, simulated, *rest in rows]


def _read(study: str | Path, query: str) -> list[tuple[Any, ...]]:
    path = Path(study) / FILE
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error as error:
        raise DataError(f"{path}: no ratings of a study ({error})") from error
