"""In which order one rater sees the pictures."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Trial(NamedTuple):
    """One thing to rate: a picture after a method, for practice or in earnest."""

    image: str
    method: str
    training: bool


def draw_order(training: str, images: Sequence[str], methods: Sequence[str], seed: Sequence[int]) -> list[Trial]:
    """The trials of the rater with this seed: the training picture with every method, then every picture with each.

    Every picture is seen once before any comes again, as many times as there are methods. In each such round every
    method is seen equally often, to within one, so neither practice nor tiredness favours one. Pictures and methods are
    shuffled, and no picture follows upon itself (BT.500-13, Annex 1, 4.6), unless it is the only one.
    """
    rng = np.random.default_rng(seed)
    trials = [Trial(training, methods[which], True) for which in rng.permutation(len(methods))]
    turns = rng.permutation(len(images))  # which method a picture begins with: a fair deal, since it is shuffled
    first = rng.permutation(len(methods))
    last = None
    for round_ in range(len(methods)):
        shuffled = rng.permutation(len(images))
        while len(images) > 1 and shuffled[0] == last:
            shuffled = rng.permutation(len(images))
        last = shuffled[-1]
        trials += [
            Trial(images[image], methods[first[(turns[image] + round_) % len(methods)]], False) for image in shuffled
        ]
    return trials
