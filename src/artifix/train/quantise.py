"""Make a model fit for int8: measure the range of each layer's input on degraded pictures, and put them in its card."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from artifix.engines.int8 import rounded_layers
from artifix.engines.observe import observe
from artifix.engines.openvino_engine import load
from artifix.engines.run import WHOLE
from artifix.errors import ModelError
from artifix.image import atomic_output, ensure_writable
from artifix.models.card import ModelCard
from artifix.models.catalog import read_model
from artifix.models.model import SUFFIX, Model
from artifix.train.drawings import KINDS
from artifix.train.patches import PatchPairs, Pixels, margin_of, read_pictures
from artifix.train.recipe import DataRecipe

Ranges = dict[str, tuple[float, float]]

PATCHES: Final = 64  # that the ranges are measured on
QUALITIES: Final = (10, 20, 40, 80)  # that the loss is measured at

_MIXED: Final = DataRecipe(quality=(10, 80))
_PLAIN: Final = DataRecipe(quality=(1, 1), full_chroma=0, grey=0, shifted=0, twice=0, told=1)
_JUDGED: Final = 16  # patches, of pictures held out
_SAMPLE: Final = 1 << 14  # values of a layer that are drawn from each patch
# The share of a layer's values at either end that lie outside of its range. With none, a few large values leave
# everything else fewer steps, and smooth skies show it; with ten times as many, edges lose what they need.
_CUT: Final = 1e-4
# The last layers, this share of all, have ranges that cover drawings, too, though fewer of their values. At hard edges
# of flat colours these layers take values that they take in no photograph; the first layers do so less, and the coarser
# steps of a wide range would show in smooth skies.
_LATE: Final = 1 / 3
_CUT_OF_DRAWINGS: Final = 1e-3


def quantise_model(
    model: str | Path,
    data: Iterable[Path],
    output: Path,
    *,
    patches: int = PATCHES,
    seed: int = 0,
    overwrite: bool = False,
) -> tuple[ModelCard, list[str]]:
    """Write the model anew with ranges in its card, and with what int8 costs; the card, and why pictures were left out.

    The weights stay as they are: int8 is made of them where the model is loaded. `patches` are drawn from the pictures
    in the `data` folders by `seed`, as in training; the loss is measured on others, those that training holds out.
    ModelError if the file is no artifix model or the output's name does not end in .safetensors, DataError as for
    training, OutputError, before the work, if the output cannot be written or exists.
    """
    if output.suffix != SUFFIX:
        raise ModelError(f"{output}: a model's name ends in {SUFFIX}")
    ensure_writable(output, overwrite=overwrite)
    floating = read_model(model)
    pictures = read_pictures(data, margin_of(_MIXED))
    ranges = ranges_for(floating, pictures.training, seed, patches)
    rounded = with_ranges(floating, ranges)
    loss = measure_loss(rounded, pictures.held_out, seed) if pictures.held_out else {}
    rounded = with_ranges(floating, ranges, loss)
    with atomic_output(output, overwrite=overwrite) as target:
        target.write(rounded.to_bytes())
    return rounded.card, pictures.skipped


def ranges_for(model: Model, pictures: list[Pixels], seed: int = 0, patches: int = PATCHES) -> Ranges:
    """The ranges of the layers' inputs over patches of pictures; those of the last layers cover drawings, too."""
    drawings = [draw(np.random.default_rng(seed)) for draw in KINDS.values()]
    of_pictures, of_drawings = (
        measure_ranges(model, PatchPairs(images, _MIXED, model.card.channels, seed, patches), cut)
        for images, cut in ((pictures, _CUT), (drawings, _CUT_OF_DRAWINGS))
    )
    names = list(of_pictures)
    for name in names[len(names) - round(_LATE * len(names)) :]:
        (low, high), (lowest, highest) = of_pictures[name], of_drawings[name]
        of_pictures[name] = min(low, lowest), max(high, highest)
    return of_pictures


def measure_ranges(model: Model, pairs: PatchPairs, cut: float = _CUT) -> Ranges:
    """The range of each layer's input that int8 rounds; a share `cut` of the values lies outside at either end."""
    layers = rounded_layers(model.description)
    maps = observe(model, list(dict.fromkeys(layers.values())))
    drawn = {name: np.empty((len(pairs), _SAMPLE), np.float32) for name in layers.values()}
    for number in range(len(pairs)):
        pair = pairs[number]
        rng = np.random.default_rng(number)
        for name, values in maps(pair.degraded[None], pair.known[None]).items():
            drawn[name][number] = values.ravel()[rng.integers(values.size, size=_SAMPLE)]
    bounds = {name: np.quantile(values, (cut, 1 - cut)).tolist() for name, values in drawn.items()}
    # A few digits, so that another processor's rounding does not show in the file.
    return {layer: (float(f"{bounds[name][0]:.3g}"), float(f"{bounds[name][1]:.3g}")) for layer, name in layers.items()}


def measure_loss(model: Model, pictures: list[Pixels], seed: int = 0) -> dict[str, float]:
    """What int8 costs a model with ranges, dB of PSNR over the network's planes, by quality; a mean over patches."""
    runs = [load(model, precision, None).run for precision in ("fp32", "int8")]
    losses = {}
    for quality in QUALITIES:
        recipe = dataclasses.replace(_PLAIN, quality=(quality, quality))
        pairs = PatchPairs(pictures, recipe, model.card.channels, seed, _JUDGED)
        errors = np.empty((len(pairs), len(runs)))
        for row, number in zip(errors, range(len(pairs)), strict=True):
            degraded, target, known, _ = pairs[number]
            known = known[None, : model.description.known]
            row[:] = [np.mean((run(degraded[None], WHOLE, known)[0] - target) ** 2, dtype=np.float64) for run in runs]
        losses[str(quality)] = round(float(np.mean(10 * np.log10(errors[:, 1] / errors[:, 0]))), 4)
    return losses


def with_ranges(model: Model, ranges: Ranges, loss: dict[str, float] | None = None) -> Model:
    """The model with these ranges in its card, and with what int8 costs it."""
    return Model(dataclasses.replace(model.card, ranges=ranges, int8_loss=loss or {}), model.weights)
