"""The training loop: pairs -> restored -> loss -> Adam -> average, with checkpoints, logs and two budgets."""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from artifix.models.generator import Generator
from artifix.train.checkpoint import Learner, Progress, latest_checkpoint, load_learner, read_state, save_checkpoint
from artifix.train.held_out import HeldOut
from artifix.train.losses import generator_losses
from artifix.train.patches import PatchPairs, Pictures
from artifix.train.recipe import OptimiserRecipe, Recipe
from artifix.train.weights import load_into

Report = Callable[[Progress, float, dict[str, float]], None]


def train(
    recipe: Recipe,
    pictures: Pictures,
    run: Path,
    *,
    start: Path | None = None,
    resume: bool = False,
    minutes: float | None = None,
    device: str = "cpu",
    workers: int = 1,
    interval: int = 100,
    checkpoint_every: int = 1000,
    report: Report = lambda progress, share, figures: None,
) -> Path:
    """Train the recipe's network on `pictures`, write checkpoints and logs into `run`, return the last checkpoint.

    Ends at the recipe's steps or after `minutes` of training, whichever comes first, and in both cases with the
    learning rate at the end of its schedule. SIGINT and SIGTERM save and return. `start` names weights (safetensors)
    to begin from; `resume` goes on from the newest checkpoint in `run`, which on the same machine and within a step
    budget gives the losses that an unbroken run would have given. `report` is called every `interval` steps with the
    progress, the share of the budget spent (0..1) and the figures of the log line.
    """
    torch.manual_seed(recipe.seed)
    network = Generator(recipe.network)
    if start is not None:
        load_into(network, start)
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    adam = recipe.optimiser
    optimiser = torch.optim.Adam(network.parameters(), adam.learning_rate, (adam.beta1, adam.beta2), fused=True)
    learner = Learner(network, {k: v.detach().clone() for k, v in network.state_dict().items()}, optimiser)
    progress = Progress()
    newest = latest_checkpoint(run) if resume else None
    if newest is not None:
        _, progress = read_state(newest)
        load_learner(newest, "generator", learner)

    def save() -> Path:
        return save_checkpoint(run, recipe, progress, {"generator": learner})

    def spent() -> float:
        by_time = progress.seconds / (60 * minutes) if minutes else 0.0
        return min(1.0, max(progress.step / adam.steps, by_time))

    held_out = HeldOut(pictures.held_out, recipe.network.channels)
    forward = torch.compile(network) if device == "cuda" else network
    began = time.monotonic() - progress.seconds
    losses: dict[str, Tensor] = {}
    with _Log(run) as log, _stop_on_signal() as stopped:
        for degraded, target in _batches(recipe, pictures, progress.step, workers, device):
            if spent() >= 1 or stopped():
                break
            rate = learning_rate(progress.step, spent(), adam)
            for group in optimiser.param_groups:
                group["lr"] = rate
            with torch.autocast(device, torch.bfloat16):
                restored = forward(degraded)
            losses = generator_losses(restored.float(), target, recipe.loss)
            torch.stack(list(losses.values())).sum().backward()
            if adam.clip:
                torch.nn.utils.clip_grad_norm_(network.parameters(), adam.clip)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            progress.step += 1
            update_average(learner, progress.step, adam.average)
            progress.seconds = time.monotonic() - began

            if progress.step % interval == 0:
                figures = {name: float(value.detach()) for name, value in losses.items()} | {"learning_rate": rate}
                if not all(math.isfinite(value) for value in figures.values()):
                    raise FloatingPointError(f"the loss is no longer finite at step {progress.step}: {figures}")
                log.line(progress, figures)
                report(progress, spent(), figures)
            if progress.step % checkpoint_every == 0:
                save()
                log.line(progress, held_out.gains(learner))
                log.pictures(progress, held_out.strip(learner))
        log.line(progress, held_out.gains(learner))
        return save()


def learning_rate(step: int, spent: float, recipe: OptimiserRecipe) -> float:
    """The rate at a step, `spent` being the share of the budget used: linear warm-up times a cosine to 0."""
    warm = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup else 1.0
    return recipe.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * spent))


@torch.no_grad()
def update_average(learner: Learner, step: int, decay: float) -> None:
    """Move the running average towards the weights; early on it follows faster, so that the start is forgotten."""
    decay = min(decay, step / (step + 9))
    averages = list(learner.average.values())
    torch._foreach_lerp_(averages, [learner.network.state_dict()[key] for key in learner.average], 1 - decay)


def _batches(
    recipe: Recipe, pictures: Pictures, step: int, workers: int, device: str
) -> Iterator[tuple[Tensor, Tensor]]:
    batch, steps = recipe.data.batch, recipe.optimiser.steps
    pairs = PatchPairs(pictures.training, recipe.data, recipe.network.channels, recipe.seed, batch * (steps + 1))
    loader = DataLoader(
        Subset(pairs, range(step * batch, len(pairs))),
        batch_size=batch,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_leave_signals_to_the_parent,
        pin_memory=device == "cuda",
    )
    for degraded, target in loader:
        yield (
            degraded.to(device, non_blocking=True, memory_format=torch.channels_last),
            target.to(device, non_blocking=True, memory_format=torch.channels_last),
        )


def _leave_signals_to_the_parent(_: int) -> None:
    """Ctrl-C reaches the whole process group; the workers must live until the parent has saved."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


class _Log:
    """RUN/log.jsonl, one line an interval, and the same as TensorBoard curves and pictures."""

    def __init__(self, run: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        run.mkdir(parents=True, exist_ok=True)
        self.lines = (run / "log.jsonl").open("a", encoding="utf-8")
        self.board = SummaryWriter(str(run / "tensorboard"))

    def __enter__(self) -> "_Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.board.close()

    def line(self, progress: Progress, figures: dict[str, float]) -> None:
        seconds = round(progress.seconds, 1)
        self.lines.write(json.dumps({"step": progress.step, "seconds": seconds, **figures}) + "\n")
        self.lines.flush()
        for name, value in figures.items():
            self.board.add_scalar(name, value, progress.step)

    def pictures(self, progress: Progress, strip: Any) -> None:
        self.board.add_image("degraded | restored | target", strip, progress.step, dataformats="HWC")


@contextmanager
def _stop_on_signal() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM set a flag instead of ending the process; the handlers found before come back after."""
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
