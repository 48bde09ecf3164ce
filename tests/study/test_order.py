import itertools
from collections import Counter

import pytest

from artifix.study.order import draw_order

IMAGES = [f"picture-{number}" for number in range(7)]
METHODS = ["ssim", "gan", "mse"]


def order(rater, images=IMAGES, methods=METHODS):
    return draw_order("training", images, methods, (5, rater))


@pytest.mark.parametrize("rater", range(20))
def test_everything_once_and_training_first(rater):
    trials = order(rater)
    assert sorted(trials[:3]) == sorted(("training", method, True) for method in METHODS)
    assert sorted(trials[3:]) == sorted((*pair, False) for pair in itertools.product(IMAGES, METHODS))


@pytest.mark.parametrize(("images", "methods"), [(7, 3), (2, 2), (3, 4), (50, 2)])
def test_no_picture_follows_upon_itself(images, methods):
    names = [str(number) for number in range(images)]
    for rater in range(100):
        shown = [trial.image for trial in order(rater, names, list("abcd"[:methods]))]
        assert all(a != b for a, b in itertools.pairwise(shown[methods:]))


def test_a_single_picture_is_possible():
    assert len(order(1, IMAGES[:1])) == 6


def test_no_method_comes_earlier_than_another():
    for rater in range(20):
        trials = order(rater)[3:]
        for round_ in (trials[:7], trials[7:14], trials[14:]):
            assert len({trial.image for trial in round_}) == 7
            counts = Counter(trial.method for trial in round_)
            assert max(counts.values()) - min(counts.values()) <= 1


def test_raters_differ_and_each_has_one_order():
    assert order(1) == order(1)
    assert len({tuple(order(rater)) for rater in range(100)}) == 100


def test_any_method_may_come_first_with_any_picture():
    first = Counter()
    for rater in range(400):
        seen = {}
        for trial in order(rater, IMAGES, ["ssim", "gan"])[2:]:
            seen.setdefault(trial.image, trial.method)
        first.update((image, method) for image, method in seen.items())
    assert all(160 < first[pair] < 240 for pair in itertools.product(IMAGES, ["ssim", "gan"]))
