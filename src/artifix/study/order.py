"""In which order one rater sees the pictures, the repeated ones and the attention checks among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

Kind = Literal["practice", "test", "repeat", "check"]
Shown = tuple[str, str]
"""What is rated: a method's picture and "", or in paired comparison the methods on the left and on the right."""

REFERENCE: Final = "reference"
"""The original under a name of its own, rated like a method's picture."""
WORST: Final = "worst"
"""A picture that nobody can take for a good one: the lower end of the practice, and of the attention checks."""


class Trial(NamedTuple):
    """One thing to rate: a picture after a method, or after two to be compared (`other` is the right one)."""

    kind: Kind
    image: str
    method: str
    other: str = ""


@dataclass(frozen=True)
class Controls:
    """What a study does to find out how far its raters can be relied on; the paper's did none of it.

    `hidden_reference`: the original is rated, too, as if it were a method's picture. `repeats`: trials that every rater
    sees a second time. `checks`: trials with an obvious answer. `minimum_seconds`: how long a trial must be looked at.
    """

    hidden_reference: bool = False
    repeats: int = 0
    checks: int = 0
    minimum_seconds: float = 0.0


def draw_order(
    training: str,
    images: Sequence[str],
    shown: Sequence[Shown],
    seed: Sequence[int],
    *,
    practice: Sequence[Shown] = (),
    checks: Sequence[tuple[str, Shown]] = (),
    repeats: int = 0,
) -> list[Trial]:
    """The trials of the rater with this seed: the practice with the training picture, then every picture as each shown.

    Every picture is seen once before any comes again, as many times as there are things shown of it. In each such round
    each of these is seen equally often, to within one, so neither practice nor tiredness favours one. Pictures and what
    is shown of them are shuffled, the sides of a pair, too, and no picture follows upon itself (BT.500-13, Annex 1,
    4.6), where that is possible. The `repeats` are drawn from the first half and come again in the second, a pair with
    its sides changed; the checks, pictures with what is shown of them, come anywhere.
    """
    rng = np.random.default_rng(seed)
    practised = [Trial("practice", training, *_sided(practice[which], rng)) for which in rng.permutation(len(practice))]
    turns = rng.permutation(len(images))  # what a picture begins with: a fair deal, since it is shuffled
    first = rng.permutation(len(shown))
    trials: list[Trial] = []
    last = None
    for round_ in range(len(shown)):
        shuffled = rng.permutation(len(images))
        while len(images) > 1 and shuffled[0] == last:
            shuffled = rng.permutation(len(images))
        last = shuffled[-1]
        trials += [
            Trial("test", images[image], *_sided(shown[first[(turns[image] + round_) % len(shown)]], rng))
            for image in shuffled
        ]
    half = (len(trials) + 1) // 2
    chosen = rng.permutation(half)[:repeats]
    again = [Trial("repeat", trials[which].image, *_turned(trials[which])) for which in sorted(chosen)]
    for trial in again:
        _insert(trials, trial, half, rng)
    for image, what in checks:
        _insert(trials, Trial("check", image, *_sided(what, rng)), 0, rng)
    return practised + trials


def _sided(shown: Shown, rng: np.random.Generator) -> Shown:
    one, other = shown
    return (other, one) if other and rng.integers(2) else shown


def _turned(trial: Trial) -> Shown:
    return (trial.other, trial.method) if trial.other else (trial.method, "")


def _insert(trials: list[Trial], trial: Trial, earliest: int, rng: np.random.Generator) -> None:
    """Put a trial anywhere from `earliest` on, not beside one with the same picture unless there is no other place."""
    places = range(earliest, len(trials) + 1)
    free = [
        place for place in places if trial.image not in {one.image for one in trials[max(0, place - 1) : place + 1]}
    ]
    trials.insert(int(rng.choice(free or places)), trial)
