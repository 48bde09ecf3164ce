"""Combs in the histograms of a JPEG's coefficients: the trace of an earlier, coarser coding on the same grid.

The earlier coding left only multiples of its steps, q, and the later one, of finer steps s, rounds each of them to its
own nearest multiple. So most of the levels k of the later one stay empty (q = 5, s = 2):

    k s    0   2   4   6   8  10  12  14  16  ...
    count  #   .   #   #   .   #   .   #   #      # near a multiple of 5, . far from all

How many coefficients a picture that was coded once has at the levels that would be empty is taken from the picture's
own histogram: a density that falls from zero, and falls evenly within each interval of the earlier step.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from artifix.jpeg.quantisation import quantisation_tables

# The frequencies that are looked at, by row and column: those that hold most of what is not zero.
MODES: Final = tuple((row, total - row) for total in range(1, 7) for row in range(total + 1))

_LEVELS: Final = 400  # what lies further out is rare
ROUNDING: Final = 1.0  # how far rounding to 8-bit pixels moves a coefficient between two codings, at most times
# Of one coding, at least this share of the expected coefficients lies at the levels that would be empty; of two, no
# more than that share of all does, clipping and editing included.
_ONCE: Final = 0.6
_TWICE: Final = 0.25
_TOO_FEW: Final = 0.03  # the share expected at empty levels that tells nothing
# Between codings that were and such as only look like them, on photographs and drawings of every kind: `is_explained`.
_TELLING: Final = 1.5, 2.0  # the least earlier step, in steps of the file's and in levels of noise
_DISTANCE: Final = 0.73  # of what chance would leave between coefficients and the multiples of the earlier steps
_NEAR: Final = 0.3  # the share of what chance leaves far from a multiple that is near one
_MOSTLY: Final = 0.7  # near a multiple by chance alone, and it tells nothing


class Comb(NamedTuple):
    """The earlier coding that explains the combs best."""

    evidence: float
    """How many nats likelier it is than none, taken together over the frequencies; at least 0."""
    quality: int
    """The quality 1..100 of its libjpeg tables."""


def find_comb(levels: NDArray[np.integer], table: NDArray[np.integer], noise: float = ROUNDING) -> Comb | None:
    """The trace of an earlier coding in the quantised blocks (N, 8, 8) of one component, its table (8, 8); or None.

    Earlier codings are looked for among libjpeg's luma tables, and only those that were coarser.
    """
    earlier = quantisation_tables()[:, 0].reshape(100, 8, 8)
    total = np.zeros(100)
    for row, column in MODES:
        counts = np.bincount(np.abs(levels[:, row, column]).clip(max=_LEVELS), minlength=2)[: _LEVELS + 1]
        steps, where = np.unique(earlier[:, row, column], return_inverse=True)
        total += _evidence(counts, steps, int(table[row, column]), noise)[where]
    best = int(total.argmax())
    return Comb(float(total[best]), best + 1) if total[best] > 0 else None


def is_explained(levels: NDArray[np.integer], table: NDArray[np.integer], comb: Comb, noise: float = ROUNDING) -> bool:
    """Whether the coefficients at all frequencies lie near multiples of the steps that a comb was found for.

    Arguments are those of `find_comb`. Flat drawings and dithers have few values at some frequencies, which look like
    combs; at the others their coefficients lie anywhere between the multiples, as they do by chance. An earlier coding
    that is hardly coarser than the file explains nothing.
    """
    earlier = quantisation_tables()[comb.quality - 1, 0].reshape(8, 8).astype(np.float64)
    telling = earlier > _TELLING[0] * table + _TELLING[1] * noise
    telling[0, 0] = False
    values = np.abs(levels[:, telling] * table[telling])
    window = np.broadcast_to(table[telling] / 2 + noise, values.shape)
    steps = np.broadcast_to(earlier[telling], values.shape)
    there = values > window
    values, window, steps = values[there], window[there], steps[there]
    if not values.size:
        return False
    distance = np.abs(values - np.rint(values / steps) * steps)
    by_chance = float(np.mean(2 * window / steps))
    near = (float(np.mean(distance <= window)) - by_chance) / (1 - by_chance)
    far = float(np.sqrt(np.sum(distance**2) / np.sum(steps**2 / 12)))
    return (far < _DISTANCE and near > 0) or (near > _NEAR and by_chance < _MOSTLY)


def _evidence(counts: NDArray[np.integer], steps: NDArray[np.integer], step: int, noise: float) -> NDArray[np.float64]:
    """For each of the earlier steps, how much likelier it makes one frequency's counts of |k|; 0 for finer steps."""
    values = np.arange(1, len(counts)) * float(step)
    found = np.where(values > step / 2 + noise, counts[1:], 0).astype(np.float64)
    number = found.sum()
    evidence = np.zeros(len(steps))
    coarser = np.flatnonzero(steps > step)
    if not number or not coarser.size:
        return evidence
    q = steps[coarser, None].astype(np.float64)
    multiple = np.rint(values / q)
    offset = values - multiple * q
    empty = np.abs(offset) > step / 2 + noise

    # The mass of each interval of the earlier step, and how it falls from one to the next.
    intervals = int(multiple.max()) + 2
    index = multiple.astype(np.int64) + intervals * np.arange(len(coarser))[:, None]
    weights = np.broadcast_to(found, index.shape).ravel()
    mass = np.bincount(index.ravel(), weights, minlength=intervals * len(coarser)).reshape(len(coarser), intervals)
    falls = np.minimum(0, np.diff(np.log(mass + 0.5), axis=1, append=np.log(0.5))) / q
    local = np.take_along_axis(falls, multiple.astype(np.int64), axis=1)
    density = np.exp(local * offset)
    whole = np.bincount(index.ravel(), density.ravel(), minlength=mass.size).reshape(mass.shape)
    inside = multiple > 0
    expected = density * np.take_along_axis(mass / np.maximum(whole, 1e-12), multiple.astype(np.int64), axis=1)
    # Around zero the density is at least that of the next interval.
    expected = np.where(inside, expected, mass[:, 1:2] * step / q) * (values > step / 2 + noise)
    share = (expected * empty).sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-12)

    seen = (found * empty).sum(axis=1) / number
    once = _ONCE * share
    likelier = np.where(seen < once, _divergence(seen, once), -_divergence(np.minimum(seen, share), once))
    twice = np.minimum(_TWICE, once)
    likelier -= np.where((seen > twice) & (seen < once), _divergence(seen, twice), 0)
    evidence[coarser] = number * np.where(once > _TOO_FEW, likelier, 0)
    return evidence


def _divergence(seen: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kullback and Leibler's divergence between two shares, in nats for each coefficient."""
    seen, expected = seen.clip(1e-6, 1 - 1e-6), expected.clip(1e-6, 1 - 1e-6)
    return seen * np.log(seen / expected) + (1 - seen) * np.log((1 - seen) / (1 - expected))
