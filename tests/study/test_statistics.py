import numpy as np
import pytest

pytest.importorskip("scipy")
from artifix.study.statistics import mean_interval, paired_test, screen, subject_bias

# Twelve scores around 50: squares of the deviations sum to 668, fourth powers to 127,400, so that beta2 is
# (127400 / 12) / (668 / 12)^2 = 3.43, which counts as normal, and 2 standard deviations are 2 sqrt(668 / 11) = 15.6.
NORMAL = 50 + np.array([-10.0, -9, -7, -5, -3, -1, 1, 2, 3, 4, 7, 18])
# Eight around 52: 252 and 39,396, so that beta2 is 4.96; S is 6, and the limit sqrt(20) S = 26.8, not 12.
PEAKED = 52 + np.array([-5.0, -4, -3, -2, -1, 0, 1, 14])
AGREED = np.full(12, 50.0)


def columns(*presentations):
    return np.stack(presentations, axis=1)


def test_the_interval_of_three_scores():
    # Standard deviation 2, Student's t with 2 degrees of freedom 4.30265: 4.30265 x 2 / sqrt(3) = 4.96828.
    interval = mean_interval(np.array([2.0, 4.0, 6.0]))
    assert interval == pytest.approx((4, 4 - 4.96828, 4 + 4.96828), abs=1e-5)


def test_a_single_score_has_no_interval():
    mean, low, high = mean_interval(np.array([7.0]))
    assert mean == 7
    assert np.isnan([low, high]).all()


def test_no_score_has_no_mean():
    assert np.isnan(mean_interval(np.empty(0))).all()


def test_the_interval_holds_the_truth_in_95_of_100():
    scores = np.random.default_rng(0).normal(60, 20, (4000, 8))
    intervals = map(mean_interval, scores)
    assert np.mean([low <= 60 <= high for _, low, high in intervals]) == pytest.approx(0.95, abs=0.01)


def test_who_is_far_above_and_below():
    found = screen(columns(NORMAL, 100 - NORMAL, NORMAL, AGREED))
    assert found.above.tolist() == [0] * 11 + [2]
    assert found.below.tolist() == [0] * 11 + [1]


def test_two_deviations_are_not_far_where_scores_are_not_normal():
    found = screen(columns(PEAKED))
    assert not (found.above | found.below).any()
    twentyfive = np.append(np.tile([49.0, 51.0], 12), 90.0)  # 4.79 standard deviations, beyond sqrt(20) = 4.47
    assert screen(columns(twentyfive)).above.tolist() == [0] * 24 + [1]


@pytest.mark.parametrize(
    ("above", "below", "trials", "out"),
    [
        (1, 1, 20, True),
        (1, 1, 40, False),  # 5 % is not more than 5 %
        (2, 2, 79, True),
        (2, 0, 20, False),  # one-sided: strict or generous
        (2, 1, 20, False),  # 1 / 3 is not less than 0.3
        (3, 2, 20, True),  # 1 / 5 is
        (13, 7, 40, False),  # 0.3 is not less than 0.3
        (0, 0, 20, False),
    ],
)
def test_who_is_left_out(above, below, trials, out):
    rest = trials - above - below
    found = screen(columns(*[NORMAL] * above, *[100 - NORMAL] * below, *[AGREED] * rest))
    assert (found.above[-1], found.below[-1]) == (above, below)
    assert found.rejected.tolist() == [False] * 11 + [out]


def test_fewer_than_six_raters_screen_nothing():
    scores = np.random.default_rng(0).uniform(0, 100, (5, 200))
    found = screen(scores)
    assert not (found.above | found.below).any()
    assert not screen(scores[:1]).rejected.any()


def test_of_simulated_raters_the_careless_one_is_left_out():
    rng = np.random.default_rng(1)
    truth, bias = rng.uniform(20, 80, 100), rng.normal(0, 3, 16)
    scores = np.clip(truth + bias[:, None] + rng.normal(0, 6, (16, 100)), 0, 100)
    scores[4] = rng.uniform(0, 100, 100)  # careless
    scores[9] = np.clip(scores[9] - 25, 0, 100)  # strict
    found = screen(scores)
    assert np.flatnonzero(found.rejected).tolist() == [4]
    assert found.below[9] > 5  # far off, but to one side


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3, 4, 5], 2 / 32),  # of 32 signs one is as extreme, on either side
        ([1, -2, 3, 4, 5, 6], 6 / 64),  # rank sums of at most 2: {}, {1}, {2}
        ([-1, -2, -3, -4, -5, -6, -7], 2 / 128),
        ([0, 0, 0], 1),
        ([0, 1, 2, 3, 4, 5], 2 / 32),
        ([1, 1, 1, 1, -1], 12 / 32),  # equally large, and exact: every sign but one, or all, on either side
    ],
)
def test_the_paired_test(differences, p):
    assert paired_test(np.array(differences, float)) == pytest.approx(p)


def test_an_interval_stays_in_the_scale():
    scores = np.array([100.0, 100.0, 92.0, 100.0])
    mean, low, high = mean_interval(scores, 0, 100)
    assert (mean, high) == (98.0, 100.0)
    assert low == mean_interval(scores).low
    assert mean_interval(100 - scores, 0, 100).low == 0


def raters(bias, inconsistency, presentations=400, seed=0):
    """The truth, and what raters of this bias and noise make of it."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(20, 80, presentations)
    noise = rng.normal(0, 1, (len(bias), presentations)) * np.array(inconsistency)[:, None]
    return truth, truth + np.array(bias)[:, None] + noise


def test_bias_and_inconsistency_are_found_again():
    bias, inconsistency = [-12.0, -3.0, 0.0, 5.0, 10.0], [6.0, 12.0, 7.0, 8.0, 25.0]
    truth, scores = raters(bias, inconsistency)
    found = subject_bias(scores)
    assert np.allclose(found.bias, bias, atol=3)
    assert list(np.argsort(found.inconsistency)) == list(np.argsort(inconsistency))
    assert np.allclose(found.inconsistency, inconsistency, rtol=0.35)
    modelled, plain = (np.abs(one - truth).mean() for one in (found.scores, scores.mean(axis=0)))
    assert modelled < 0.8 * plain  # who is all over the place counts for little


def test_the_model_moves_and_turns_with_the_scale():
    _, scores = raters([4.0, -4.0, 9.0], [5.0, 7.0, 9.0])
    found, moved, turned = (subject_bias(one) for one in (scores, scores + 7, 100 - scores))
    assert found.bias.sum() == pytest.approx(0, abs=1e-9)
    assert np.allclose(moved.scores, found.scores + 7)
    assert np.allclose(moved.bias, found.bias)
    assert np.allclose(turned.scores, 100 - found.scores)
    assert np.allclose(turned.bias, -found.bias)
    assert np.allclose(turned.half, found.half)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_one_rater_or_presentation_has_no_model(shape):
    assert all(np.isnan(part).all() for part in subject_bias(np.ones(shape)))
