"""A trained network as a model file, or as ONNX for other programs."""

import json
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor

from artifix.errors import ModelError, needs_extra
from artifix.image import atomic_output
from artifix.models.card import ModelCard
from artifix.models.model import SUFFIX, Model, card_of
from artifix.provenance import current_commit
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state
from artifix.train.held_out import PREFIX

ONNX: Final = ".onnx"


def in_half_precision(card: ModelCard, weights: dict[str, Tensor]) -> Model:
    """The model of a network's state dict: that halves the file, and moves a pixel by hundredths of a grey level."""
    return Model(card, {name: value.detach().cpu().numpy().astype(np.float16) for name, value in weights.items()})


def export(
    checkpoint: Path, output: Path, *, summary: str = "", data: str = "", failures: str = "", overwrite: bool = False
) -> ModelCard:
    """Write the averaged weights of a checkpoint, or of a run's newest, as a model with its card.

    The output is a .safetensors file, which artifix reads, or .onnx, which other programs do (`to_onnx`). The card's
    figures are the run's own on its held-out pictures at that step. ModelError if there is no checkpoint.
    """
    if output.suffix not in (SUFFIX, ONNX):
        raise ModelError(f"{output}: a model's name ends in {SUFFIX}, or for other programs in {ONNX}")
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
    content = model.to_bytes() if output.suffix == SUFFIX else _onnx(model, output)
    with atomic_output(output, overwrite=overwrite) as file:
        file.write(content)
    return card


def _onnx(model: Model, output: Path) -> bytes:
    try:
        from artifix.engines.onnx_graph import to_onnx

        return to_onnx(model)
    except ImportError as error:
        raise ModelError(needs_extra(str(output), "onnxruntime", error)) from error


def _held_out_figures(log: Path, step: int) -> dict[str, float]:
    """The gains over the coded held-out pictures that a run logged at a step, dB by quality, or codec and quality."""
    figures: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        values = json.loads(line)
        if values["step"] == step:
            figures |= {key.removeprefix(PREFIX): round(value, 3) for key, value in values.items() if PREFIX in key}
    return figures
