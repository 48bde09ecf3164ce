"""A trained network as a model file, or as ONNX for other programs."""

import json
from pathlib import Path

import numpy as np
from torch import Tensor

from artifix.engines.export import check_form, write_model
from artifix.errors import ModelError
from artifix.models.card import ModelCard
from artifix.models.model import Model, card_of
from artifix.provenance import current_commit
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state
from artifix.train.held_out import PREFIX


def in_half_precision(card: ModelCard, weights: dict[str, Tensor]) -> Model:
    """The model of a network's state dict: that halves the file, and moves a pixel by hundredths of a grey level."""
    return Model(card, {name: value.detach().cpu().numpy().astype(np.float16) for name, value in weights.items()})


def export(
    checkpoint: Path,
    output: Path,
    *,
    summary: str = "",
    data: str = "",
    failures: str = "",
    rgb: bool = False,
    spandrel: bool = False,
    overwrite: bool = False,
) -> ModelCard:
    """Write the averaged weights of a checkpoint, or of a run's newest, as a model with its card.

    The output is a file as `write_model` has it. The card's figures are the run's own on its held-out pictures at that
    step. ModelError if there is no checkpoint.
    """
    check_form(output, rgb=rgb, spandrel=spandrel)
    folder = checkpoint if (checkpoint / "state.json").exists() else latest_checkpoint(checkpoint)
    if folder is None:
        raise ModelError(f"{checkpoint}: no checkpoint in it")
    recipe, progress = read_state(folder)
    card = card_of(
        recipe.network,
        recipe.name,
        summary=summary,
        recipe=recipe.as_dict(),
        data=data,
        steps=progress.step,
        hours=round(progress.seconds / 3600, 2),
        commit=current_commit(),
        figures=_held_out_figures(folder.parent / "log.jsonl", progress.step),
        failures=failures,
    )
    try:
        model = in_half_precision(card, load_average(folder))
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    write_model(model, output, rgb=rgb, spandrel=spandrel, overwrite=overwrite)
    return card


def _held_out_figures(log: Path, step: int) -> dict[str, float]:
    """The gains over the coded held-out pictures that a run logged at a step, dB by quality, or codec and quality."""
    figures: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        values = json.loads(line)
        if values["step"] == step:
            figures |= {key.removeprefix(PREFIX): round(value, 3) for key, value in values.items() if PREFIX in key}
    return figures
