"""From pairs of which one is preferred to a scale: the model of Bradley and Terry."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.special import expit, log_expit

from artifix.study.statistics import Scores


class Worths(NamedTuple):
    """Each thing's worth (N,), whose mean is 0, its standard error, and whether half wins had to be added.

    A thing that is worth 1 more than another is preferred to it in a share of e / (1 + e), 73 %.
    """

    worth: Scores
    error: Scores
    smoothed: bool


def bradley_terry(wins: NDArray[np.float64]) -> Worths:
    """The likeliest worths, given how often (N, N) the thing of each row was preferred to that of each column.

    Bradley and Terry, Biometrika 39, 1952: the probability of a preference is 1 / (1 + exp(-difference of the worths)).
    The errors are those of the likelihood's curvature, and take all comparisons as independent. Where some things win,
    or lose, all against the others there is no likeliest; half a win each way is then added to every two that were
    compared. ValueError where some were not compared with the others, not even through others.
    """
    compared = wins + wins.T > 0
    np.fill_diagonal(compared, False)
    if sparse.csgraph.connected_components(compared, directed=False)[0] > 1:
        raise ValueError("some were never compared with the others")
    smoothed = sparse.csgraph.connected_components(wins > 0, connection="strong")[0] > 1
    if smoothed:
        wins = wins + 0.5 * compared
    total = wins + wins.T

    def information(worth: Scores) -> Scores:
        chance = expit(worth[:, None] - worth)
        weights = total * chance * (1 - chance)
        return np.diag(weights.sum(axis=1)) - weights

    # The first is held at 0, since only differences count.
    def loss(rest: Scores) -> float:
        worth = np.append(0.0, rest)
        return -float((wins * log_expit(worth[:, None] - worth)).sum())

    def slope(rest: Scores) -> Scores:
        worth = np.append(0.0, rest)
        return -(wins - total * expit(worth[:, None] - worth)).sum(axis=1)[1:]

    found = optimize.minimize(
        loss,
        np.zeros(len(wins) - 1),
        jac=slope,
        hess=lambda rest: information(np.append(0.0, rest))[1:, 1:],
        method="trust-exact",
        options={"gtol": 1e-9},
    )
    worth = np.append(0.0, found.x)
    worth -= worth.mean()
    covariance = np.linalg.pinv(information(worth))  # of worths whose mean is 0
    return Worths(worth, np.sqrt(covariance.diagonal()), smoothed)
