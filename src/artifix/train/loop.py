"""The training loop: pairs -> restored -> loss -> optimiser -> average, with checkpoints, logs and two budgets."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn

from artifix.models.discriminator import Discriminator
from artifix.models.torch_network import TorchNetwork
from artifix.train.batches import batches
from artifix.train.checkpoint import Learner, Progress, latest_checkpoint, load_learner, read_state, save_checkpoint
from artifix.train.distributed import ALONE, Group
from artifix.train.health import check_losses, check_weights, watch_discriminator
from artifix.train.held_out import HeldOut
from artifix.train.log import Log
from artifix.train.losses import discriminator_loss, generator_losses
from artifix.train.muon import Muon
from artifix.train.patches import Pictures
from artifix.train.perceptual import PerceptualLoss, load_perceptual_loss
from artifix.train.precision import Cast, Precision, casting
from artifix.train.recipe import OptimiserRecipe, Recipe
from artifix.train.rounding import round_as
from artifix.train.teacher import load_teacher
from artifix.train.weights import load_into
from artifix.train.winograd import use_winograd

Report = Callable[[Progress, float, dict[str, float]], None]


def train(
    recipe: Recipe,
    pictures: Pictures | Callable[[], Pictures],
    run: Path,
    *,
    start: str | Path | None = None,
    resume: bool = False,
    minutes: float | None = None,
    vgg: Path | None = None,
    teacher: str | Path | None = None,
    device: str = "cpu",
    precision: Precision = "auto",
    group: Group = ALONE,
    workers: int = 1,
    pairs_on_device: bool = False,
    interval: int = 100,
    checkpoint_every: int = 1000,
    report: Report = lambda progress, share, figures: None,
    saved: Callable[[Path], None] = lambda checkpoint: None,
) -> Path:
    """Train the recipe's network on `pictures`, write checkpoints and logs into `run`, return the last checkpoint.

    A function as `pictures` reads them; it is called once the weights and the checkpoint are known to fit, since it may
    take minutes.

    Ends at the recipe's steps or after `minutes` of training, whichever comes first, and in both cases with the
    learning rate at the end of its schedule. SIGINT and SIGTERM save and return. `start` names weights to begin from,
    as `load_into` takes them; `resume` continues from the newest checkpoint in `run`, which on the same machine and
    within a step budget gives the losses that an unbroken run would have given.

    A recipe for int8 rounds within the ranges in the card of `start`, which it then needs with `resume`, too.
    `vgg` is VGG19's file, None being torchvision's, for the perceptual loss and, where given, for measuring the
    perceptual distance of what is held out. `teacher` is the model, a file of `artifix export`, that a recipe with a
    distilled loss learns from. `precision` is `casting`'s. `pairs_on_device` degrades patches there instead of in
    `workers`. The processes of a `group` share every batch; only the first writes anything, the others return `run`.

    Nothing waits for the device but, every `interval` steps, the figures: checked, logged and given to `report` with
    the progress and the share of the budget spent (0..1). `saved` is called with each checkpoint once its pictures have
    been measured. TrainingError if the run has diverged or collapsed.
    """
    torch.manual_seed(recipe.seed)
    network = TorchNetwork(recipe.network.description)
    if start is not None:
        load_into(network, start)
    settings = recipe.optimiser
    if settings.int8:
        round_as(network, start)
    generator = new_learner(network, device, settings, settings.learning_rate, averaged=True)
    learners = {"generator": generator}
    shared, told = group.share(network), bool(network.known)
    forward: Callable[..., Tensor] = compiled(shared) if device != "cpu" else shared
    discriminator: Learner | None = None
    perceptual: PerceptualLoss | None = None
    if recipe.loss.adversarial:
        against = recipe.discriminator
        opponent = Discriminator(recipe.network.channels, against.features, against.full_patch)
        discriminator = learners["discriminator"] = new_learner(opponent, device, settings, against.learning_rate)
        shared_discriminator = group.share(opponent)
    if vgg is not None or recipe.loss.perceptual:
        perceptual = load_perceptual_loss(vgg, **vars(recipe.perceptual)).to(device)
    taught_by = load_teacher(teacher, recipe.network.channels, device) if recipe.loss.distilled else None
    cast = casting(device, precision)
    if device == "cpu" and cast is nullcontext:
        for module in filter(None, (None if settings.int8 else network, perceptual, taught_by)):
            use_winograd(module)
    progress = Progress()
    newest = latest_checkpoint(run) if resume else None
    if newest is not None:
        _, progress = read_state(newest)
        for name, learner in learners.items():
            load_learner(newest, name, learner)
    if callable(pictures):
        pictures = pictures()

    def save() -> Path:
        check_weights(progress, learners.values())
        return save_checkpoint(run, recipe, progress, learners) if group.leads else run

    def spent() -> float:
        by_time = progress.seconds / (60 * minutes) if minutes else 0.0
        return min(1.0, max(progress.step / settings.steps, by_time))

    def measure() -> None:
        if log:
            log.line(progress, held_out.figures(generator))
            log.pictures(progress, held_out.strip(generator))
            if (newest := latest_checkpoint(run)) is not None:
                saved(newest)

    held_out = HeldOut(pictures.held_out, recipe.network.channels, perceptual, recipe.data.codec)
    pairs = batches(
        recipe, pictures, progress.step, group=group, device=device, workers=workers, on_device=pairs_on_device
    )
    began = time.monotonic() - progress.seconds
    with Log(run) if group.leads else nullcontext() as log, _stop_on_signal() as stopped:
        for degraded, target, known, chroma in pairs:
            share, stopping = group.agree(spent(), stopped())
            if share >= 1 or stopping:
                break
            for learner in learners.values():
                rate = learning_rate(learner.optimiser.defaults["lr"], progress.step, share, settings.warmup)
                for weights in learner.optimiser.param_groups:
                    weights["lr"] = rate
            with cast():
                restored = (forward(degraded, known) if told else forward(degraded)).float()
            restored = _learnable(restored, target, chroma)
            figures: dict[str, Tensor] = {}
            if discriminator:
                figures = discriminator_step(
                    discriminator,
                    shared_discriminator,
                    degraded,
                    target,
                    restored.detach(),
                    recipe.discriminator.real_label,
                    cast,
                )
            with cast():
                logits = discriminator.network(restored, degraded).float() if discriminator else None
                taught = None
                if taught_by:
                    taught = taught_by(degraded, known) if taught_by.known else taught_by(degraded)
                    taught = _learnable(taught.float(), target, chroma)
                losses = generator_losses(restored, target, recipe.loss, perceptual, logits, taught)
            torch.stack(list(losses.values())).sum().backward()
            if settings.clip:
                torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
            generator.optimiser.step()
            generator.optimiser.zero_grad(set_to_none=True)
            progress.step += 1
            update_average(generator, progress.step, settings.average)
            progress.seconds = time.monotonic() - began

            if progress.step % interval == 0:
                values = group.mean(losses | figures)
                check_losses(progress, values)
                if discriminator:
                    watch_discriminator(progress, values, interval, recipe.discriminator)
                values["learning_rate"] = generator.optimiser.param_groups[0]["lr"]
                if log:
                    log.line(progress, values)
                report(progress, spent(), values)
            if progress.step % checkpoint_every == 0:
                if not progress.certain:  # while the discriminator seems to have won, the checkpoint before it stays
                    save()
                measure()
        newest = latest_checkpoint(run) if group.leads else None
        if newest is None or read_state(newest)[1].step != progress.step:
            newest = save()
            measure()
        return newest


def discriminator_step(
    discriminator: Learner,
    shared: nn.Module,
    degraded: Tensor,
    target: Tensor,
    restored: Tensor,
    real_label: float,
    cast: Cast = nullcontext,
) -> dict[str, Tensor]:
    """One step of the discriminator (Eq. 7): its loss, and its shares of right verdicts on targets and restored ones.

    `shared` is its network as the group shares it. Outside of this step its weights take no gradient, so that the
    generator's costs no more than it must.
    """
    discriminator.network.requires_grad_(True)
    with cast():
        # One pass over both: a shared network may run forward only once for each time back.
        logits = shared(torch.cat((target, restored)), torch.cat((degraded, degraded))).float()
    real, of_restored = logits.chunk(2)
    loss = discriminator_loss(real, of_restored, real_label)
    loss.backward()
    discriminator.optimiser.step()
    discriminator.optimiser.zero_grad(set_to_none=True)
    discriminator.network.requires_grad_(False)
    return {
        "discriminator": loss,
        "accuracy_real": (real > 0).float().mean(),
        "accuracy_restored": (of_restored < 0).float().mean(),
    }


def compiled(network: nn.Module) -> Callable[..., Tensor]:
    """The network, compiled at its first call; what the compiler cannot do runs uncompiled."""
    torch._dynamo.config.suppress_errors = True
    return torch.compile(network)


def _learnable(restored: Tensor, target: Tensor, chroma: Tensor) -> Tensor:
    """The restored batch, with the target's chroma where the target's is not to be learned."""
    if restored.shape[1] == 1:
        return restored
    true = chroma[:, None, None, None] > 0
    return torch.cat([restored[:, :1], torch.where(true, restored[:, 1:], target[:, 1:])], dim=1)


def new_learner(
    network: nn.Module, device: str, recipe: OptimiserRecipe, rate: float, *, averaged: bool = False
) -> Learner:
    """A network moved to the device, its optimiser with a learning rate of its own, and its average if asked.

    The discriminator learns by Adam whatever the recipe's kind is.
    """
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    kind = Muon if averaged and recipe.kind == "muon" else torch.optim.Adam
    optimiser = kind(network.parameters(), rate, (recipe.beta1, recipe.beta2), fused=True)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()} if averaged else {}
    return Learner(network, average, optimiser)


def learning_rate(top: float, step: int, spent: float, warmup: int) -> float:
    """The rate at a step, `spent` being the share of the budget used: linear warm-up times a cosine to 0."""
    warm = min(1.0, (step + 1) / warmup) if warmup else 1.0
    return top * warm * 0.5 * (1 + math.cos(math.pi * spent))


@torch.no_grad()
def update_average(learner: Learner, step: int, decay: float) -> None:
    """Move the running average towards the weights; early on it follows faster, so that the start is forgotten."""
    decay = min(decay, step / (step + 9))
    torch._foreach_lerp_(list(learner.average.values()), list(learner.network.parameters()), 1 - decay)


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
