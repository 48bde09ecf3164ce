"""A study's folder: pictures under names that tell nothing, and `study.json`, which alone knows what they are."""

import dataclasses
import io
import json
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.errors import DataError, ModelError, OutputError
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import Method
from artifix.evaluate.quality import make_pair
from artifix.image.output import publish_folder
from artifix.inspection import inspect
from artifix.printable import counted
from artifix.provenance import current_commit, today
from artifix.study.order import Trial, draw_order

Pixels = NDArray[np.uint8]

MINUTES: Final = 30.0
"""A session's limit (BT.500-13, Annex 1, 2.7)."""
_SECONDS_A_TRIAL: Final = 12.0  # the paper's raters took about 20 minutes for 100
_INTRODUCTION: Final = 1.0  # minutes
_WIDE, _HIGH = 1850, 780  # pixels that pictures may take of such a window
_FILE: Final = "study.json"
_PICTURES: Final = "pictures"


@dataclass(frozen=True)
class StudyImage:
    """One picture: its file's name in the data, its size, and its files in the study, `tests` by method."""

    name: str
    width: int
    height: int
    original: str
    tests: dict[str, str]


@dataclass(frozen=True)
class Design:
    """What is shown in a study. `methods` are fingerprints by name; `exact`: the data are the known set of this name.

    `commit` and `date` (ISO 8601) say what made it, and when.
    """

    dataset: str
    exact: bool
    quality: int
    seed: int
    methods: dict[str, str]
    training: StudyImage
    images: tuple[StudyImage, ...]
    commit: str
    date: str

    @property
    def by_name(self) -> dict[str, StudyImage]:
        """All pictures, that for training included."""
        return {image.name: image for image in (self.training, *self.images)}

    @property
    def minutes(self) -> float:
        """How long one rater takes, about."""
        return estimate_minutes(len(self.images), len(self.methods))

    @property
    def too_large(self) -> int:
        """How many pictures a window of 1920 by 1000 pixels cannot show with their originals, pixel for pixel."""
        return sum(
            (2 * image.width > _WIDE or image.height > _HIGH) and (image.width > _WIDE or 2 * image.height > _HIGH)
            for image in self.images
        )

    def order_of(self, rater: int) -> list[Trial]:
        """The trials of the rater of this number, drawn from the study's seed and the number."""
        names = [image.name for image in self.images]
        return draw_order(self.training.name, names, list(self.methods), (self.seed, rater))


def estimate_minutes(images: int, methods: int) -> float:
    """How long one rater takes for so many pictures by so many methods, training included."""
    return (images + 1) * methods * _SECONDS_A_TRIAL / 60 + _INTRODUCTION


def create_study(
    data: str | Path,
    methods: Sequence[Method],
    output: str | Path,
    *,
    images: int = 50,
    quality: int = 20,
    seed: int = 0,
    allow_long: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> Design:
    """Choose pictures of a folder by the seed, degrade them as JPEG (4:2:0), and restore each by every method.

    One further picture is for training. The folder `output` appears whole or not at all. `progress` hears the share
    done, 0..1. ValueError for a study that takes a rater more than `MINUTES`, unless `allow_long`; DataError for too
    few pictures, ModelError for two methods of one name, OutputError for a folder that exists or cannot be written.
    """
    output = Path(output)
    names = [method.name for method in methods]
    if len(set(names)) < len(names):
        raise ModelError(f"two methods of one name: {', '.join(names)}")
    minutes = estimate_minutes(images, len(names))
    if minutes > MINUTES and not allow_long:
        raise ValueError(
            f"{counted(images, 'picture')} by {counted(len(names), 'method')} take a rater about {minutes:.0f} minutes,"
            f" more than the {MINUTES:.0f} of BT.500; show fewer, or allow it by --allow-long"
        )
    if os.path.lexists(output):
        raise OutputError(f"{output}: exists already; a study needs a folder of its own")
    dataset = load_dataset(data)
    if len(dataset.paths) <= images:
        raise DataError(
            f"{data}: has {counted(len(dataset.paths), 'picture')}; {images} and one for training are needed"
        )
    chosen = np.random.default_rng(seed).choice(len(dataset.paths), images + 1, replace=False)
    temporary = output.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        (temporary / _PICTURES).mkdir(parents=True)
        made = []
        for number, which in enumerate(chosen, start=1):
            made.append(_make(dataset.paths[which], quality, methods, temporary / _PICTURES))
            progress(number / len(chosen))
        fingerprints = {method.name: method.fingerprint for method in methods}
        design = Design(
            dataset.name,
            dataset.exact,
            quality,
            seed,
            fingerprints,
            made[0],
            tuple(made[1:]),
            current_commit(),
            today(),
        )
        (temporary / _FILE).write_text(json.dumps(dataclasses.asdict(design), indent=1) + "\n", encoding="utf-8")
        publish_folder(temporary, output)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return design


def _make(path: Path, quality: int, methods: Sequence[Method], folder: Path) -> StudyImage:
    target, degraded, file = make_pair(path, "colour", quality)
    height, width, _ = target.shape
    original = _write(target, folder)
    tests = {method.name: _write(method.restore(degraded, file), folder) for method in methods}
    return StudyImage(path.name, width, height, original, tests)


def _write(image: Pixels, folder: Path) -> str:
    """The random name under which a picture is kept."""
    name = secrets.token_hex(16)
    (folder / f"{name}.png").write_bytes(uniform_png(image))
    return name


def uniform_png(image: Pixels) -> bytes:
    """A PNG without compression: pictures of one size have files of one size, whatever is in them."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=0)
    return file.getvalue()


def find_compressed(data: str | Path, design: Design) -> dict[str, str]:
    """The pictures of a study's data that are, or once were, JPEGs themselves, and what `inspect` says of each."""
    found = {}
    for path in load_dataset(data).paths:
        if path.name in design.by_name:
            told = inspect(path)
            if told.format == "JPEG" or told.grid is not None:
                found[path.name] = told.summary
    return found


def picture_path(study: str | Path, name: str) -> Path:
    """The file of a picture of this random name."""
    return Path(study) / _PICTURES / f"{name}.png"


def read_design(study: str | Path) -> Design:
    """The design in a study's folder; DataError if there is none."""
    try:
        values = json.loads((Path(study) / _FILE).read_text(encoding="utf-8"))
        training = StudyImage(**values.pop("training"))
        images = tuple(StudyImage(**image) for image in values.pop("images"))
        return Design(training=training, images=images, **values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{study}: no study of `artifix study create` ({error})") from error
