"""How far a study is, for its experimenter: who is where, and nothing of what was found, so that nobody stops early."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from artifix.study.design import read_design
from artifix.study.ratings import read_raters, read_ratings


@dataclass(frozen=True)
class Place:
    """Where one rater is; `seconds` is the median of a trial, `failed` how many attention checks of `checks` failed."""

    rater: int
    simulated: bool
    began: str
    last: str | None
    done: int
    total: int
    finished: bool
    seconds: float | None
    checks: int
    failed: int
    calibrated: bool
    invite: str | None
    completion: str


@dataclass(frozen=True)
class Progress:
    """Everybody who has begun, and how many people have finished."""

    finished: int
    raters: list[Place]


def follow(study: str | Path) -> Progress:
    """Where everybody is in a study; DataError if there is none."""
    design, ratings = read_design(study), read_ratings(study)
    places = []
    for rater in read_raters(study):
        own = [rating for rating in ratings if rating.rater == rater.number]
        checks = [rating for rating in own if rating.kind == "check"]
        places.append(
            Place(
                rater.number,
                rater.simulated,
                rater.began,
                rater.last,
                rater.done,
                rater.total,
                rater.finished,
                statistics.median(rating.seconds for rating in own) if own else None,
                len(checks),
                sum(not design.passes(rating.method, rating.score) for rating in checks),
                rater.pixels_per_mm is not None,
                rater.invite,
                rater.completion if rater.finished else "",
            )
        )
    return Progress(sum(place.finished and not place.simulated for place in places), places)
