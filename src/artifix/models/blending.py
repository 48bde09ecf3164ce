"""Between a faithful and a vivid model: their weights, interpolated (Wang et al., ESRGAN, ECCV Workshops 2018, 3.4).

So every engine runs a blend as it runs any model, at the same cost.
"""

import dataclasses
from pathlib import Path
from typing import Final

import numpy as np

from artifix.errors import ModelError
from artifix.models.catalog import VIVID, read_model
from artifix.models.model import Model

# Weights that were trained from one another point one way (cosine near 1); those of two beginnings do not (near 0).
_MIN_COSINE: Final = 0.5


def read_blended(model: str | Path, detail: float = 0.0, vivid: str | Path = VIVID) -> Model:
    """A model, or what lies at `detail` 0..1 on the way from it to the vivid one.

    Both are shipped models' names or .safetensors files of ours. ModelError if one is none, or the two do not fit.
    """
    faithful = read_model(model)
    if not detail:
        return faithful
    if str(model) == str(vivid):
        raise ModelError(f"{model}: is the vivid model itself; detail leads there from a faithful one")
    try:
        return blend(faithful, read_model(vivid), detail)
    except ModelError as error:
        raise ModelError(f"{model} and {vivid} cannot be blended: {error}") from error


def blend(faithful: Model, vivid: Model, detail: float) -> Model:
    """The model with weights (1 - detail) faithful + detail vivid, detail in 0..1, and the faithful model's card.

    The card has no activation ranges, since none were measured with these weights. ModelError if the two are different
    networks, or were not trained from the same weights.
    """
    if faithful.description != vivid.description:
        raise ModelError("they are networks of different shapes")
    if not _are_kin(faithful, vivid):
        raise ModelError("they share no beginning, so nothing of use lies between them")
    blended = {}
    for name, value in faithful.weights.items():
        mine, theirs = value.astype(np.float64), vivid.weights[name].astype(np.float64)
        blended[name] = ((1 - detail) * mine + detail * theirs).astype(np.float16)
    return Model(dataclasses.replace(faithful.card, ranges={}), blended)


def _are_kin(faithful: Model, vivid: Model) -> bool:
    # Equal tensors say nothing: they may be as training begins with them.
    pairs = [(value, vivid.weights[name]) for name, value in faithful.weights.items()]
    differing = [(a, b) for a, b in pairs if not np.array_equal(a, b)]
    if not differing:
        return True
    first, second = (
        np.concatenate([value.ravel() for value in side]).astype(np.float64) for side in zip(*differing, strict=True)
    )
    return bool(first @ second >= _MIN_COSINE * np.sqrt((first @ first) * (second @ second)))
