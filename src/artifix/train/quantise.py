"""Make a model fit for int8: measure the range of each layer's input on degraded pictures, and put them in its card."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from artifix.errors import ModelError
from artifix.image import atomic_output, ensure_writable
from artifix.models import int8
from artifix.models.card import METADATA_KEY, ModelCard
from artifix.models.catalog import read_model
from artifix.models.runtime import openvino_core, precision_setting
from artifix.models.torch_weights import network_from_onnx
from artifix.train.patches import PatchPairs, Pixels, margin_of, read_pictures
from artifix.train.recipe import DataRecipe

Batch = NDArray[np.float32]
Ranges = dict[str, tuple[float, float]]

PATCHES: Final = 64  # that the ranges are measured on
QUALITIES: Final = (10, 20, 40, 80)  # that the loss is measured at

_MIXED: Final = DataRecipe(quality=(10, 80))
_PLAIN: Final = DataRecipe(quality=(1, 1), full_chroma=0, grey=0, shifted=0, twice=0)
_JUDGED: Final = 16  # patches, of pictures held out
_SAMPLE: Final = 1 << 14  # values of a layer that are drawn from each patch
# The share of a layer's values at either end that lie outside of its range. With none, a few large values leave
# everything else fewer steps, and smooth skies show it; with ten times as many, edges lose what they need.
_CUT: Final = 1e-4


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
    ModelError if the file is no artifix model or the output's name does not end in .onnx, DataError as for training,
    OutputError, before the work, if the output cannot be written or exists.
    """
    if output.suffix != ".onnx":
        raise ModelError(f"{output}: a model's name ends in .onnx")
    ensure_writable(output, overwrite=overwrite)
    file = read_model(model)
    try:
        card, _ = network_from_onnx(file)
    except ModelError as error:
        raise ModelError(f"{model}: {error}") from error
    pictures = read_pictures(data, margin_of(_MIXED))
    ranges = measure_ranges(file, PatchPairs(pictures.training, _MIXED, card.channels, seed, patches))
    loss = measure_loss(file, ranges, card.channels, pictures.held_out, seed) if pictures.held_out else {}
    card = dataclasses.replace(card, ranges=ranges, int8_loss=loss)
    with atomic_output(output, overwrite=overwrite) as target:
        target.write(_with_card(file, card))
    return card, pictures.skipped


def measure_ranges(file: bytes, pairs: PatchPairs) -> Ranges:
    """The range of what goes into each layer of an ONNX file, but for a share of `_CUT` at either end."""
    core = openvino_core()
    graph = core.read_model(file)
    layers = int8.observe(graph)
    compiled = _compiled(core, graph)
    drawn = np.empty((len(layers), len(pairs), _SAMPLE), np.float32)
    for number in range(len(pairs)):
        outputs = compiled(pairs[number][0][None])
        rng = np.random.default_rng(number)
        for row, maps in zip(drawn[:, number], list(outputs.values())[1:], strict=True):
            row[:] = maps.ravel()[rng.integers(maps.size, size=_SAMPLE)]
    bounds = [np.quantile(values, (_CUT, 1 - _CUT)).tolist() for values in drawn]
    # A few digits, so that another processor's rounding does not show in the file.
    return {name: (float(f"{low:.3g}"), float(f"{high:.3g}")) for name, (low, high) in zip(layers, bounds, strict=True)}


def measure_loss(file: bytes, ranges: Ranges, channels: int, pictures: list[Pixels], seed: int = 0) -> dict[str, float]:
    """What int8 costs an ONNX file, dB of PSNR over the network's planes, by quality; a mean over patches."""
    core = openvino_core()
    rounded = core.read_model(file)
    int8.quantise(rounded, ranges)
    networks: list[Callable[[Batch], Any]] = [_compiled(core, graph) for graph in (core.read_model(file), rounded)]
    losses = {}
    for quality in QUALITIES:
        recipe = dataclasses.replace(_PLAIN, quality=(quality, quality))
        pairs = PatchPairs(pictures, recipe, channels, seed, _JUDGED)
        errors = np.empty((len(pairs), len(networks)))
        for row, number in zip(errors, range(len(pairs)), strict=True):
            degraded, target, *_ = pairs[number]
            row[:] = [np.mean((network(degraded[None])[0][0] - target) ** 2, dtype=np.float64) for network in networks]
        losses[str(quality)] = round(float(np.mean(10 * np.log10(errors[:, 1] / errors[:, 0]))), 4)
    return losses


def _compiled(core: Any, graph: Any) -> Any:
    return core.compile_model(graph, "CPU", precision_setting("fp32"))


def _with_card(file: bytes, card: ModelCard) -> bytes:
    model = onnx.load_from_string(file)
    helper.set_model_props(model, {p.key: p.value for p in model.metadata_props} | {METADATA_KEY: card.to_json()})
    data: bytes = model.SerializeToString()
    return data
