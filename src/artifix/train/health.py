"""Is a run still sound? One that is not ends with one clear line, and its last good checkpoint stays."""

import math
from collections.abc import Iterable
from typing import Final

import torch

from artifix.errors import ArtifixError
from artifix.train.checkpoint import Learner, Progress
from artifix.train.recipe import DiscriminatorRecipe

_KEPT: Final = "the last good checkpoint is kept"
_ALWAYS: Final = 0.995  # share of right verdicts, on targets and on restored ones alike, that counts as always right


class TrainingError(ArtifixError):
    """A run that diverged or collapsed."""


def check_losses(progress: Progress, figures: dict[str, float]) -> None:
    """TrainingError if a figure of the log line is not finite."""
    if not all(math.isfinite(value) for value in figures.values()):
        values = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        raise TrainingError(f"step {progress.step}: the loss is no longer finite ({values}); {_KEPT}")


def check_weights(progress: Progress, learners: Iterable[Learner]) -> None:
    """TrainingError if a weight is not finite, so that no checkpoint ever holds one."""
    for learner in learners:
        if not all(torch.isfinite(parameter).all() for parameter in learner.network.parameters()):
            raise TrainingError(f"step {progress.step}: the weights are no longer finite; {_KEPT}")


def watch_discriminator(
    progress: Progress, figures: dict[str, float], interval: int, recipe: DiscriminatorRecipe
) -> None:
    """Count, in `progress.certain`, the steps on end of a discriminator that is always right.

    Such a discriminator has won and teaches the generator no more: TrainingError after the recipe's `collapse_after`.
    """
    always = min(figures["accuracy_real"], figures["accuracy_restored"]) >= _ALWAYS
    progress.certain = progress.certain + interval if always else 0
    if recipe.collapse_after and progress.certain >= recipe.collapse_after:
        raise TrainingError(
            f"step {progress.step}: the discriminator was always right for {progress.certain} steps, "
            f"the training has collapsed; {_KEPT}"
        )
