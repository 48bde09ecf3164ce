"""A study's pictures: made from data, under random names, in files whose sizes tell nothing."""

import io
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.codecs import degrade
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import Method
from artifix.evaluate.quality import make_pair
from artifix.inspection import inspect
from artifix.study.order import REFERENCE, WORST

Pixels = NDArray[np.uint8]

PICTURES: Final = "pictures"
_WORST_QUALITY: Final = 1


@dataclass(frozen=True)
class StudyImage:
    """One picture: its file's name in the data, its size, and its files in the study, `tests` by what is shown."""

    name: str
    width: int
    height: int
    original: str
    tests: dict[str, str]


def make_pictures(
    path: Path, quality: int, methods: Sequence[Method], extremes: Collection[str], folder: Path
) -> StudyImage:
    """Degrade a picture, restore it by every method, and write all that; of the `extremes` what is asked for, too."""
    target, degraded, file = make_pair(path, "colour", quality)
    height, width, _ = target.shape
    tests = {method.name: _write(method.restore(degraded, file), folder) for method in methods}
    if REFERENCE in extremes:
        tests[REFERENCE] = _write(target, folder)
    if WORST in extremes:
        tests[WORST] = _write(degrade(target, quality=_WORST_QUALITY), folder)
    return StudyImage(path.name, width, height, _write(target, folder), tests)


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


def picture_path(study: str | Path, name: str) -> Path:
    """The file of a picture of this random name."""
    return Path(study) / PICTURES / f"{name}.png"


def find_compressed(data: str | Path, names: Collection[str]) -> dict[str, str]:
    """Those of a folder's pictures that are, or once were, JPEGs themselves, and what `inspect` says of each."""
    found = {}
    for path in load_dataset(data).paths:
        if path.name in names:
            told = inspect(path)
            if told.format == "JPEG" or told.grid is not None:
                found[path.name] = told.summary
    return found
