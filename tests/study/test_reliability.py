import numpy as np
import pytest

pytest.importorskip("scipy")
from artifix.study.reliability import intraclass_correlation
from artifix.study.statistics import holm

# Four judges of six targets: Shrout and Fleiss, Psychological Bulletin 86 (1979), table 2.
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float).T


def test_the_published_example_of_shrout_and_fleiss():
    single, average = intraclass_correlation(JUDGES)
    assert single.mean == pytest.approx(0.29, abs=0.005)  # their table 4
    assert average == pytest.approx(0.62, abs=0.005)
    assert (single.low, single.high) == pytest.approx((0.019, 0.761), abs=0.001)  # as R's psych::ICC has it


def test_raters_who_agree_and_who_do_not():
    truth = np.arange(10.0)
    assert intraclass_correlation(np.tile(truth, (4, 1))).single == (1, 1, 1)
    biased = intraclass_correlation(truth + np.array([[0.0], [5], [10]]))  # the same order, other levels
    assert biased.single.mean < 0.5
    noise = intraclass_correlation(np.random.default_rng(0).normal(size=(5, 200)))
    assert noise.single.low < 0 < noise.single.high


@pytest.mark.parametrize(
    "scores", [np.ones((1, 5)), np.ones((5, 1)), np.ones((3, 4)), np.outer([1.0, 2, 2], np.ones(4))]
)
def test_nothing_to_agree_upon(scores):
    assert np.isnan([*intraclass_correlation(scores).single, intraclass_correlation(scores).average]).all()


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),  # as R's p.adjust has it
        ([0.7, 0.6], [1, 1]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_holm(given, adjusted):
    assert holm(np.array(given)) == pytest.approx(adjusted)


def test_holm_leaves_what_is_unknown_aside():
    assert holm(np.array([0.02, np.nan, 0.03])) == pytest.approx([0.04, np.nan, 0.04], nan_ok=True)
