"""Raters who are none: for trying a study out, and for tests. They are marked in the store, and stay marked."""

from pathlib import Path

import numpy as np

from artifix.color import luma
from artifix.evaluate.metrics import ssim_gaussian
from artifix.image import read_image
from artifix.printable import counted
from artifix.study.design import Design, read_design
from artifix.study.order import Trial
from artifix.study.pictures import picture_path
from artifix.study.store import Store

_BIAS, _NOISE = 6.0, 8.0  # standard deviations, points of 100


class SimulatedRater:
    """One who sees `worths` (points of 100), with a bias and noise of its own; a careless one sees nothing."""

    def __init__(
        self, design: Design, worths: dict[tuple[str, str], float], rng: np.random.Generator, *, careless: bool = False
    ) -> None:
        self._procedure, self._worths, self._rng, self._careless = design.procedure, worths, rng, careless
        self._bias = rng.normal(0, _BIAS)

    def score(self, trial: Trial) -> float:
        """The answer to a trial, on the scale of the study's procedure."""
        rng, lowest, highest = self._rng, self._procedure.lowest, self._procedure.highest
        if self._careless:
            share = rng.uniform()
        elif self._procedure.compares:
            left, right = (self._worths[trial.image, name] + rng.normal(0, _NOISE) for name in trial[2:])
            share = float(left > right)
        else:
            share = (self._worths[trial.image, trial.method] + self._bias + rng.normal(0, _NOISE)) / 100
        score = float(np.clip(lowest + share * (highest - lowest), lowest, highest))
        return float(round(score)) if self._procedure.graded else score


def worths_of(study: str | Path, design: Design) -> dict[tuple[str, str], float]:
    """100 SSIM^4 of each picture by each thing shown of it: it says nothing of what people see."""
    worths = {}
    for image in design.by_name.values():
        original = luma(read_image(picture_path(study, image.original)))
        for name, file in image.tests.items():
            worths[image.name, name] = 100 * ssim_gaussian(luma(read_image(picture_path(study, file))), original) ** 4
    return worths


def simulate_raters(study: str | Path, count: int, *, careless: int = 0, seed: int = 0) -> None:
    """Add so many simulated raters, who rate everything; the last `careless` of them do so at random.

    The others see `worths_of` what is shown, plus a bias of their own and noise, which is there to have figures of a
    likely size. ValueError for more careless ones than raters.
    """
    if careless > count:
        raise ValueError(f"{careless} careless ones are more than {counted(count, 'rater')}")
    design = read_design(study)
    worths, store, rng = worths_of(study, design), Store(study), np.random.default_rng(seed)
    for number in range(count):
        rater = SimulatedRater(design, worths, rng, careless=number >= count - careless)
        token = store.add_rater(design.order_of, simulated=True)
        standing = store.standing(token)
        while standing.trial:
            seconds = design.controls.minimum_seconds
            standing = store.rate(token, standing.done + 1, rater.score(standing.trial), seconds=seconds)
