"""The mean of two models' weights, which is often better than either (Wortsman et al., "Model soups", ICML 2022)."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

import torch

from artifix.errors import DataError, ModelError
from artifix.image import atomic_output, ensure_writable
from artifix.models.blending import blend
from artifix.models.card import ModelCard
from artifix.models.catalog import read_model
from artifix.models.model import SUFFIX
from artifix.models.torch_network import TorchNetwork, torch_network
from artifix.provenance import current_commit
from artifix.train.checkpoint import Learner
from artifix.train.export import in_half_precision
from artifix.train.held_out import PREFIX, HeldOut
from artifix.train.patches import margin_of, read_pictures
from artifix.train.recipe import recipe_from_dict

SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)

Gains = dict[str, float]  # over the coded picture, dB, by quality, or by codec and quality


def average_models(
    first: str | Path,
    second: str | Path,
    data: Iterable[Path],
    output: Path,
    *,
    shares: Sequence[float] = SHARES,
    origin: str = "",
    overwrite: bool = False,
    report: Callable[[float, Gains], None] = lambda share, gains: None,
) -> tuple[float, ModelCard]:
    """Write the mean of two models' weights with the highest gain; the share of the second, and the mean's card.

    `second` was trained on from `first`. Of each of the `shares`, in 0..1, the gain on the held-out pictures of the
    `data` folders is measured and reported; the best is written, without activation ranges, which `artifix quantise`
    measures. `origin` says in the card what both learned from. ModelError if the models' layers differ or the output's
    name does not end in .safetensors, DataError if no picture is held out, OutputError if the output exists.
    """
    if output.suffix != SUFFIX:
        raise ModelError(f"{output}: a model's name ends in {SUFFIX}")
    ensure_writable(output, overwrite=overwrite)
    models = read_model(first), read_model(second)
    recipe = recipe_from_dict(models[1].card.recipe)
    pictures = read_pictures(data, margin_of(recipe.data)).held_out
    if not pictures:
        raise DataError("none of the pictures is held out from training, so the means cannot be compared")
    held_out = HeldOut(pictures, recipe.network.channels, codec=recipe.data.codec)
    found: dict[float, tuple[Gains, TorchNetwork]] = {}
    for share in shares:
        network = torch_network(blend(*models, share))
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        found[share] = _gains(held_out, network), network
        report(share, found[share][0])
    best, (gains, network) = max(found.items(), key=lambda item: fmean(item[1][0].values()))
    card = _mean_card(models[0].card, models[1].card, best, gains, origin)
    with atomic_output(output, overwrite=overwrite) as file:
        file.write(in_half_precision(card, network.state_dict()).to_bytes())
    return best, card


def _gains(held_out: HeldOut, network: TorchNetwork) -> Gains:
    learner = Learner(network, dict(network.state_dict()), torch.optim.SGD(network.parameters()))
    return {name.removeprefix(PREFIX): round(gain, 4) for name, gain in held_out.figures(learner).items()}


def _mean_card(first: ModelCard, second: ModelCard, share: float, gains: Gains, origin: str) -> ModelCard:
    """The second model's card, with what differs of the mean."""
    return dataclasses.replace(
        second,
        summary=first.summary,
        failures=first.failures,
        data=f"{origin}; {1 - share:g} of the weights before the last {second.steps:,} steps, {share:g} of those after",
        commit=current_commit(),
        figures={name: round(gain, 3) for name, gain in gains.items()},
        ranges={},
        int8_loss={},
    )
