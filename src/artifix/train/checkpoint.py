"""Everything needed to go on training, as safetensors and JSON: written whole or not at all, and no pickle.

RUN/step-0001200/state.json               recipe, step, seconds spent
                 generator.safetensors    weights, and their running average under `average.`
                 generator_optimiser.safetensors
                 discriminator.safetensors, discriminator_optimiser.safetensors   of an adversarial run
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from artifix.errors import ModelError
from artifix.image.output import publish_folder
from artifix.train.muon import kept_of
from artifix.train.recipe import Recipe, recipe_from_dict
from artifix.train.tensors import read_tensors

AVERAGE: Final = "average."  # before the names of averaged weights
_STATE: Final = "state.json"
_NAME: Final = re.compile(r"step-\d{7,}")


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0  # steps done
    seconds: float = 0.0  # of training, over all sessions
    certain: int = 0  # steps on end, up to now, of a discriminator that is always right


@dataclass(frozen=True)
class Learner:
    """A network, its running average and its optimiser: what one side of the training changes."""

    network: nn.Module
    average: dict[str, Tensor]
    optimiser: torch.optim.Optimizer


def save_checkpoint(run: Path, recipe: Recipe, progress: Progress, learners: dict[str, Learner]) -> Path:
    """Write RUN/step-N and remove older ones; the folder takes its name only when complete and on disk."""
    folder = run / f"step-{progress.step:07d}"
    partial = run / f"{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, learner in learners.items():
        weights = {key: value.detach().contiguous() for key, value in learner.network.state_dict().items()}
        averages = {AVERAGE + key: value.contiguous() for key, value in learner.average.items()}
        save_file(weights | averages, partial / f"{name}.safetensors")
        save_file(_optimiser_state(learner), partial / f"{name}_optimiser.safetensors")
    state = {"recipe": recipe.as_dict(), **asdict(progress)}
    (partial / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    publish_folder(partial, folder)
    for old in _checkpoints(run):
        if old != folder:
            shutil.rmtree(old)
    return folder


def latest_checkpoint(run: Path) -> Path | None:
    """The newest complete checkpoint of a run; None where there is none."""
    return max(_checkpoints(run), default=None)


def read_state(folder: Path) -> tuple[Recipe, Progress]:
    """The recipe and the progress in a checkpoint; ModelError if the folder is not one."""
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        recipe = recipe_from_dict(state.pop("recipe"))
        return recipe, Progress(**state)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder}: not a checkpoint ({error})") from error


def load_learner(folder: Path, name: str, learner: Learner) -> None:
    """Fill a learner, in place, from a checkpoint; ModelError if names or shapes differ."""
    tensors = read_tensors(folder / f"{name}.safetensors")
    weights = {key: value for key, value in tensors.items() if not key.startswith(AVERAGE)}
    try:
        learner.network.load_state_dict(weights)
        for key, value in learner.average.items():
            value.copy_(tensors[AVERAGE + key])
        _load_optimiser(learner, read_tensors(folder / f"{name}_optimiser.safetensors"))
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: does not fit the recipe's network ({str(error).splitlines()[0]})") from error


def load_average(folder: Path) -> dict[str, Tensor]:
    """The generator's averaged weights in a checkpoint, for export."""
    tensors = read_tensors(folder / "generator.safetensors")
    return {key.removeprefix(AVERAGE): value for key, value in tensors.items() if key.startswith(AVERAGE)}


def _checkpoints(run: Path) -> list[Path]:
    """The folders that `save_checkpoint` made; others, such as a copy that somebody named, are not ours to remove."""
    return [p for p in run.glob("step-*") if p.is_dir() and _NAME.fullmatch(p.name)]


def _optimiser_state(learner: Learner) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.contiguous()
        for name, parameter in learner.network.named_parameters()
        for key, value in learner.optimiser.state[parameter].items()
    }


def _load_optimiser(learner: Learner, tensors: dict[str, Tensor]) -> None:
    for name, parameter in learner.network.named_parameters():
        state = learner.optimiser.state[parameter]
        for key in kept_of(parameter, learner.optimiser):
            value = tensors[f"{name}.{key}"]
            if key == "step":
                state[key] = value.to(parameter.device if parameter.is_cuda else "cpu")
            else:
                state[key] = torch.empty_like(parameter).copy_(value)
