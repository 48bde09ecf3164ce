"""Who rated: those who finished, of one group, and how far each can be relied on."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from artifix.errors import DataError
from artifix.printable import counted
from artifix.study.design import Design
from artifix.study.ratings import Rater, Rating, read_raters, read_ratings

PEOPLE: Final = "people"
SIMULATED: Final = "simulated"
_MOST_FAILED: Final = 0.25  # of the attention checks


@dataclass(frozen=True)
class Panel:
    """One group of raters, people or simulated ones and never both.

    `finished` are those who rated everything; the others count for nothing. `checks` has for each of them how many
    attention checks failed, and of how many. `again` has for each the differences of repeated trials from the first
    time, in points; in paired comparison 1 where the other picture was chosen, else 0.
    """

    group: str
    finished: tuple[Rater, ...]
    unfinished: int
    other_group: int
    ratings: tuple[Rating, ...]
    checks: dict[int, tuple[int, int]]
    again: dict[int, list[float]]

    @property
    def attentive(self) -> list[int]:
        """The numbers of those who failed at most a quarter of the attention checks."""
        return [rater for rater, (failed, of) in self.checks.items() if failed <= _MOST_FAILED * of]

    @property
    def seconds(self) -> float:
        """A trial's median."""
        return float(np.median([rating.seconds for rating in self.ratings if rating.kind == "test"]))

    def said(self, question: str) -> Counter[str]:
        """How many finished with each answer to a question of `Profile`."""
        return Counter(str(getattr(rater, question) or "unsaid") for rater in self.finished)


def read_panel(study: str | Path, design: Design, *, simulated: bool = False) -> Panel:
    """The people of a study, or its simulated raters; DataError where none of them has finished."""
    raters, ratings = read_raters(study), read_ratings(study)
    group = [rater for rater in raters if rater.simulated == simulated]
    finished = tuple(rater for rater in group if rater.finished)
    others = len({rating.rater for rating in ratings if rating.simulated != simulated})
    if not finished:
        beside = f"; {raters_in_words(others, PEOPLE if simulated else SIMULATED)} began" if others else ""
        raise DataError(f"{study}: no {'simulated rater' if simulated else 'person'} has rated all pictures{beside}")
    numbers = {rater.number for rater in finished}
    counting = tuple(one for one in ratings if one.rater in numbers and one.kind != "practice")
    checks, again = {}, {}
    for number in numbers:
        own = [one for one in counting if one.rater == number]
        asked = [one for one in own if one.kind == "check"]
        checks[number] = (sum(not design.passes(one.method, one.score) for one in asked), len(asked))
        first = {_shown(one): _left_is_first(one, design) for one in own if one.kind == "test"}
        again[number] = [_left_is_first(one, design) - first[_shown(one)] for one in own if one.kind == "repeat"]
    return Panel(
        SIMULATED if simulated else PEOPLE, finished, len(group) - len(finished), others, counting, checks, again
    )


def _shown(rating: Rating) -> tuple[str, ...]:
    """What a trial showed, on whichever side."""
    return (rating.image, *sorted((rating.method, rating.other)))


def _left_is_first(rating: Rating, design: Design) -> float:
    """The score; in paired comparison 1 where the method that comes first in the design was preferred."""
    if not design.procedure.compares:
        return rating.score
    order = design.conditions.index
    return rating.score if order(rating.method) < order(rating.other) else 1 - rating.score


def raters_in_words(number: int, group: str) -> str:
    """How many they are, and of what kind."""
    return counted(number, "simulated rater") if group == SIMULATED else counted(number, "person", "people")
