"""The endless row of batches that a run learns from, this process's share of each, on its device."""

import signal
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from artifix.errors import RecipeError
from artifix.train.clips import ClipPairs
from artifix.train.device_pairs import DevicePairs
from artifix.train.distributed import Group
from artifix.train.mixed import MixedPairs
from artifix.train.patches import Draws, Lesson, PatchPairs, Pictures
from artifix.train.recipe import Recipe


def batches(
    recipe: Recipe, pictures: Pictures, step: int, *, group: Group, device: str, workers: int, on_device: bool
) -> Iterator[Lesson]:
    """Batches of pairs, their planes channels_last, from a step to one beyond the recipe's last.

    Step s takes the pairs numbered from s times the recipe's batch, and each of the group's processes its run of them,
    so the joined batch is the same for any number of processes. `on_device` makes the pairs there, else `workers` do.
    RecipeError if the batch cannot be shared equally, or the pairs cannot be made there.
    """
    joined, steps = recipe.data.batch, recipe.optimiser.steps
    if joined % group.size:
        raise RecipeError(f"data.batch: {joined} patches cannot be shared equally among {group.size} processes")
    own, channels = joined // group.size, recipe.network.channels
    images, length, halved = pictures.training, joined * (steps + 1), frozenset(pictures.halved)
    dataset: Dataset[Any]
    if recipe.data.codec != "jpeg":
        if on_device or channels == 1:
            raise RecipeError(f'data.codec: "{recipe.data.codec}" is made by workers, not on the device, and in colour')
        made_by = ClipPairs if recipe.data.codec == "video" else MixedPairs
        dataset = made_by(images, recipe.data, recipe.seed, length)
    elif on_device:
        dataset = Draws(images, recipe.data, recipe.seed, length, halved)
    else:
        dataset = PatchPairs(images, recipe.data, channels, recipe.seed, length, halved)
    starts = range(step * joined + group.rank * own, length, joined)
    loader = DataLoader(
        dataset,
        batch_sampler=(list(range(start, start + own)) for start in starts),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_leave_signals_to_the_parent,
        pin_memory=device != "cpu",
    )
    if on_device:
        yield from map(DevicePairs(images, recipe.data, channels, device, halved), loader)
        return
    for degraded, target, known, chroma in loader:
        yield Lesson(
            degraded.to(device, non_blocking=True, memory_format=torch.channels_last),
            target.to(device, non_blocking=True, memory_format=torch.channels_last),
            known.to(device, non_blocking=True),
            chroma.to(device, non_blocking=True),
        )


def _leave_signals_to_the_parent(_: int) -> None:
    """Ctrl-C reaches the whole process group; the workers must live until the parent has saved."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
