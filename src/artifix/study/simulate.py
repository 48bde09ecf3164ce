"""Raters who are none: for trying a study out, and for tests. They are marked in the store, and stay marked."""

from pathlib import Path

import numpy as np

from artifix.color import luma
from artifix.evaluate.metrics import ssim_gaussian
from artifix.image import read_image
from artifix.printable import counted
from artifix.study.design import picture_path, read_design
from artifix.study.store import Store

_BIAS, _NOISE = 6.0, 8.0  # standard deviations, points of 100


def simulate_raters(study: str | Path, count: int, *, careless: int = 0, seed: int = 0) -> None:
    """Add so many simulated raters, who rate everything; the last `careless` of them do so at random.

    The others' score is 100 SSIM^4 of what is shown, plus a bias of their own and noise: it says nothing of what people
    see, and is there to have figures of a likely size. ValueError for more careless ones than raters.
    """
    if careless > count:
        raise ValueError(f"{careless} careless ones are more than {counted(count, 'rater')}")
    design = read_design(study)
    truth = {}
    for image in design.by_name.values():
        original = luma(read_image(picture_path(study, image.original)))
        for method, name in image.tests.items():
            truth[image.name, method] = 100 * ssim_gaussian(luma(read_image(picture_path(study, name))), original) ** 4
    store = Store(study)
    rng = np.random.default_rng(seed)
    for number in range(count):
        bias = rng.normal(0, _BIAS)
        token = store.add_rater(design.order_of, simulated=True)
        standing = store.standing(token)
        while standing.trial:
            score = truth[standing.trial.image, standing.trial.method] + bias + rng.normal(0, _NOISE)
            if number >= count - careless:
                score = rng.uniform(0, 100)
            score = float(np.clip(score, 0, 100))
            standing = store.rate(token, standing.done + 1, score, seconds=0.0, scale=1.0)
