import itertools
from collections import Counter

import pytest

from artifix.study.order import Trial, draw_order

IMAGES = [f"picture-{number}" for number in range(7)]
METHODS = ["ssim", "gan", "mse"]


WORST_AND_BEST = ["worst", "reference"]


def order(rater, images=IMAGES, methods=METHODS, **more):
    shown = [(method, "") for method in methods]
    practice = [(method, "") for method in [*methods, *WORST_AND_BEST]]
    return draw_order("training", images, shown, (5, rater), practice=practice, **more)


def rated(trials):
    return [trial for trial in trials if trial.kind == "test"]


@pytest.mark.parametrize("rater", range(20))
def test_everything_once_and_training_first(rater):
    trials = order(rater)
    practice = [("practice", "training", method, "") for method in [*METHODS, *WORST_AND_BEST]]
    assert sorted(trials[:5]) == sorted(practice)
    assert sorted(trials[5:]) == sorted(("test", *pair, "") for pair in itertools.product(IMAGES, METHODS))


@pytest.mark.parametrize(("images", "methods"), [(7, 3), (2, 2), (3, 4), (50, 2)])
def test_no_picture_follows_upon_itself(images, methods):
    names = [str(number) for number in range(images)]
    for rater in range(100):
        shown = [trial.image for trial in order(rater, names, list("abcd"[:methods]))]
        assert all(a != b for a, b in itertools.pairwise(shown[methods + 2 :]))


def test_a_single_picture_is_possible():
    assert len(order(1, IMAGES[:1])) == 8


def test_no_method_comes_earlier_than_another():
    for rater in range(20):
        trials = rated(order(rater))
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
        for trial in rated(order(rater, IMAGES, ["ssim", "gan"])):
            seen.setdefault(trial.image, trial.method)
        first.update((image, method) for image, method in seen.items())
    assert all(160 < first[pair] < 240 for pair in itertools.product(IMAGES, ["ssim", "gan"]))


@pytest.mark.parametrize("rater", range(20))
def test_repeats_come_late_and_checks_anywhere_and_no_picture_follows_upon_itself(rater):
    checks = [(IMAGES[0], ("worst", "")), (IMAGES[1], ("reference", ""))]
    trials = order(rater, repeats=4, checks=checks)[5:]
    assert Counter(trial.kind for trial in trials) == {"test": 21, "repeat": 4, "check": 2}
    assert len(set(rated(trials))) == 21
    for place, trial in enumerate(trials):
        if trial.kind == "repeat":
            first = trials.index(trial._replace(kind="test"))
            assert place - first > 1
    assert {(t.image, t.method) for t in trials if t.kind == "check"} == {(i, m) for i, (m, _) in checks}
    assert all(a.image != b.image for a, b in itertools.pairwise(trials))


def test_no_more_is_repeated_than_there_is():
    assert Counter(trial.kind for trial in order(1, IMAGES[:1], repeats=9))["repeat"] == 2  # of three, the first half


def test_sides_of_a_pair_are_drawn_and_changed_when_it_is_repeated():
    sides, pair = Counter(), [("a", "b")]
    for rater in range(200):
        trials = draw_order("training", IMAGES, pair, (1, rater), practice=[("worst", "reference")], repeats=1)
        sides.update((trial.method, trial.other) for trial in rated(trials))
        (again,) = (trial for trial in trials if trial.kind == "repeat")
        assert Trial("test", again.image, again.other, again.method) in trials
    assert set(sides) == {("a", "b"), ("b", "a")}
    assert 600 < sides["a", "b"] < 800  # of 1,400
