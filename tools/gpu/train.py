"""Train by a schedule of minutes on one large GPU, in a folder that `pack.py` made; nothing has to be installed.

    python PACK/train.py OUT --schedule faithful=0,vivid=0            # the smoke run alone: 20 steps of each recipe
    python PACK/train.py OUT --more PACK-1 --schedule faithful=5,mse-y=2,vivid=2
    python PACK/train.py OUT --schedule faithful=1 --rehearse         # ten tiny steps of each, on the processor

The smoke run prints what a step takes and which share of the GPU's bfloat16 limit the networks reach, and fills the
compiler's cache. Each training then begins from PACK/start/NAME.safetensors where there is one, and writes its averaged
weights every minute: OUT/NAME.safetensors, OUT/NAME.jsonl. What the compiler cannot do runs uncompiled.
"""

import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

PACK = Path(__file__).resolve().parent
sys.path.insert(0, str(PACK / "src"))

import torch  # noqa: E402
import typer  # noqa: E402

from artifix.errors import ArtifixError  # noqa: E402
from artifix.train.checkpoint import Progress  # noqa: E402
from artifix.train.drawings import make_drawings  # noqa: E402
from artifix.train.export import export  # noqa: E402
from artifix.train.loop import train  # noqa: E402
from artifix.train.patches import Pictures, margin_of, read_pictures  # noqa: E402
from artifix.train.recipe import Recipe, load_recipe  # noqa: E402

_SMOKE_STEPS = 20
_PASSES = 3  # forward once, and twice as much backward
_SIDE = 8192  # of the matrices that the limit is measured with


@dataclasses.dataclass(frozen=True)
class Machine:
    """What the trainings run on."""

    device: str
    limit: float
    """FLOP/s of a large matrix product in bfloat16; 0 where it is not asked for."""
    workers: int = 4


@dataclasses.dataclass(frozen=True)
class Lesson:
    """One line of the schedule, with all that its training reads."""

    recipe: Recipe
    minutes: float
    pictures: Pictures
    start: Path | None
    vgg: Path | None
    teacher: Path | None


def measured_limit() -> float:
    """The FLOP/s of this GPU at a large matrix product in bfloat16."""
    a, b = (torch.randn(_SIDE, _SIDE, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        a @ b
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(10):
        a @ b
    torch.cuda.synchronize()
    return 10 * 2 * _SIDE**3 / (time.perf_counter() - began)


def smoke(lesson: Lesson, machine: Machine, steps: int) -> float:
    """Train for a few steps and print what one takes; seconds a step."""
    times: dict[int, float] = {}

    def note(progress: Progress, share: float, figures: dict[str, float]) -> None:
        times[progress.step] = progress.seconds

    with tempfile.TemporaryDirectory() as folder:
        run(lesson, Path(folder), machine, steps=steps, interval=steps // 2, report=note)
    first, last = sorted(times)[0], sorted(times)[-1]
    taken = (times[last] - times[first]) / (last - first)
    recipe = lesson.recipe
    work = 2 * _PASSES * recipe.network.description.macs_per_pixel * recipe.data.batch * recipe.data.patch**2
    share = f", {work / taken / machine.limit:.1%} of the bfloat16 limit" if machine.limit else ""
    print(f"{recipe.name}: {taken * 1e3:.1f} ms a step of {recipe.data.batch} patches{share}", flush=True)
    return taken


def run(lesson: Lesson, folder: Path, machine: Machine, *, steps: int | None = None, **options: object) -> Path:
    """Train into a folder, by the lesson's minutes or for so many steps; the last checkpoint."""
    recipe = lesson.recipe
    if steps is not None:
        recipe = dataclasses.replace(recipe, optimiser=dataclasses.replace(recipe.optimiser, steps=steps))
    return train(
        recipe,
        lesson.pictures,
        folder,
        start=lesson.start,
        minutes=lesson.minutes if steps is None else None,
        vgg=lesson.vgg,
        teacher=lesson.teacher,
        device=machine.device,
        workers=machine.workers,
        pairs_on_device=machine.device != "cpu" and recipe.data.codec == "jpeg",
        **options,  # type: ignore[arg-type]
    )


def teach(lesson: Lesson, out: Path, machine: Machine, seconds_a_step: float, steps: int | None) -> None:
    """Train a lesson in full; its weights and its log are in `out` after every minute, and at the end."""
    name = lesson.recipe.name
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))

    def keep(checkpoint: Path) -> None:
        export(checkpoint, out / f"{name}.safetensors", summary=f"{name}, trained on one GPU", overwrite=True)
        shutil.copyfile(folder / "log.jsonl", out / f"{name}.jsonl")

    def show(progress: Progress, share: float, figures: dict[str, float]) -> None:
        values = ", ".join(f"{key} {value:.4g}" for key, value in figures.items())
        print(f"{name}: {share:.0%}, step {progress.step}, {values}", flush=True)

    minute = max(1, round(60 / seconds_a_step))
    run(lesson, folder, machine, steps=steps, checkpoint_every=minute, interval=minute, report=show, saved=keep)


def read_schedule(text: str) -> dict[str, float]:
    """{"faithful": 5.0} of "faithful=5": minutes by recipe, in their order."""
    try:
        return {name: float(minutes) for name, minutes in (entry.split("=") for entry in text.split(","))}
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not NAME=MINUTES,...", param_hint="--schedule") from None


def lessons(schedule: dict[str, float], packs: list[Path], out: Path, batch: int) -> Iterator[Lesson]:
    """What each entry of the schedule trains; pictures are read once for each size of patch and number of channels."""
    found: dict[tuple[int, bool], Pictures] = {}
    folders = [pack / "pictures" for pack in packs]
    for name, minutes in schedule.items():
        recipe = load_recipe(PACK / "recipes" / f"{name}.toml")
        recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, batch=batch))
        wanted = margin_of(recipe.data), recipe.network.channels == 3
        if wanted not in found:
            pictures = found[wanted] = read_pictures(folders, wanted[0], colour=wanted[1])
            pixels = sum(picture[..., 0].size for picture in pictures.training)
            pictures.training.extend(make_drawings(recipe.data.drawings, pixels, recipe.seed))
        start, vgg = PACK / "start" / f"{name}.safetensors", PACK / "vgg19.safetensors"
        teachers = (out / "faithful.safetensors", PACK / "start" / "faithful.safetensors")
        yield Lesson(
            recipe,
            minutes,
            found[wanted],
            start if start.exists() else None,
            vgg if recipe.loss.perceptual and vgg.exists() else None,
            next((file for file in teachers if file.exists()), None) if recipe.loss.distilled else None,
        )


_failed: list[str] = []


@contextmanager
def reporting(name: str) -> Iterator[None]:
    """Print why a recipe failed and go on: the others must have their minutes."""
    try:
        yield
    except (ArtifixError, RuntimeError, OSError) as error:
        print(f"{name}: FAILED: {error}", file=sys.stderr, flush=True)
        _failed.append(name)


def main(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where weights and logs are written.")],
    schedule: Annotated[str, typer.Option(help="Minutes by recipe, as faithful=5,vivid=2; 0 for the smoke run alone.")],
    more: Annotated[list[Path] | None, typer.Option(help="A further pack of pictures; may be repeated.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Patches a step, instead of the recipes'.")] = 128,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Ten steps of each, small, on the processor.")] = False,
) -> None:
    """Run the smoke run of every recipe, then train each for its minutes."""
    if not rehearse and not torch.cuda.is_available():
        typer.echo("train: there is no CUDA device; --rehearse runs on the processor", err=True)
        raise typer.Exit(1)
    out.mkdir(parents=True, exist_ok=True)
    torch.backends.cudnn.benchmark = True  # every batch has the same shape
    machine = Machine("cpu", 0, workers=0) if rehearse else Machine("cuda", measured_limit())
    if machine.limit:
        print(f"{torch.cuda.get_device_name()}: {machine.limit / 1e12:.0f} TFLOP/s in bfloat16", flush=True)
    steps, batch = (10, 2) if rehearse else (None, batch)
    taken: dict[str, float] = {}
    made = list(lessons(read_schedule(schedule), [PACK, *(more or [])], out, batch))
    for lesson in made:
        with reporting(lesson.recipe.name):
            taken[lesson.recipe.name] = smoke(lesson, machine, steps or _SMOKE_STEPS)
    for lesson in made:
        if lesson.minutes and lesson.recipe.name in taken:
            with reporting(lesson.recipe.name):
                teach(lesson, out, machine, taken[lesson.recipe.name], steps)
    if _failed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
