import numpy as np
import pytest

pytest.importorskip("scipy")
from artifix.study.preference import bradley_terry

# Wins of each row's team over each column's, American League East 1987: Agresti, Categorical Data Analysis, 2nd
# edition, table 10.10: Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ],
    float,
)


def test_the_published_example_of_agresti():
    worth, _, smoothed = bradley_terry(BASEBALL)
    published = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0]  # against Baltimore
    assert worth - worth[-1] == pytest.approx(published, abs=0.005)
    assert worth.mean() == pytest.approx(0, abs=1e-9)
    assert not smoothed


def test_two_things_are_the_logarithm_of_their_odds_apart():
    worth, error, _ = bradley_terry(np.array([[0, 30.0], [10, 0]]))
    assert worth[0] - worth[1] == pytest.approx(np.log(3))
    # The variance of a log odds is 1 / 30 + 1 / 10; each worth is half of the difference.
    assert error == pytest.approx([np.sqrt(1 / 30 + 1 / 10) / 2] * 2)


def test_a_circle_of_preferences_is_a_tie():
    worth, _, _ = bradley_terry(np.array([[0, 5, 2], [2, 0, 5], [5, 2, 0]], float))
    assert worth == pytest.approx([0, 0, 0], abs=1e-6)


def test_who_wins_all_has_a_worth_all_the_same():
    worth, error, smoothed = bradley_terry(np.array([[0, 9.0], [0, 0]]))
    assert smoothed
    assert worth[0] - worth[1] == pytest.approx(np.log(9.5 / 0.5))
    assert np.isfinite(error).all()


def test_known_worths_are_found_again():
    truth, rng = np.array([1.2, 0.4, -0.3, -1.3]), np.random.default_rng(0)
    wins = np.zeros((4, 4))
    for one in range(4):
        for other in range(one):
            chance = 1 / (1 + np.exp(truth[other] - truth[one]))
            wins[one, other] = rng.binomial(2000, chance)
            wins[other, one] = 2000 - wins[one, other]
    found = bradley_terry(wins)
    assert (np.abs(found.worth - truth) < 4 * found.error).all()


def test_what_was_never_compared_has_no_scale():
    with pytest.raises(ValueError, match="never compared"):
        bradley_terry(np.diag([1.0, 1.0], k=2) + np.diag([1.0, 1.0], k=-2))
