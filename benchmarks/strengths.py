"""Measure how far to restore a JPEG: the strength that gains most, by quality, sampling and whether it is bounded.

    python benchmarks/strengths.py --data FOLDER [--data FOLDER ...] [--model mse] [--halve FOLDER]

The pictures are those that training holds out; `--halve` names a folder whose pictures are reduced by two, because they
were JPEGs themselves. The table is written where `artifix.inspection.plan` reads it. A strength is taken only if the
picture that loses most by it loses less than 0.1 dB; if none gains 0.05 dB in the mean, it is 0.
"""

import argparse
import json
import tempfile
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

import artifix.inspection
from artifix.color import ycbcr_to_rgb
from artifix.image import READABLE_SUFFIXES, Picture, read_image, read_picture
from artifix.models.catalog import DEFAULT
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer
from artifix.restoration.bound import BoundMode
from artifix.train.patches import is_held_out

QUALITIES = (60, 70, 75, 80, 85, 88, 90, 92, 94, 95, 96, 97, 98, 99, 100)
BOUNDS: Final[tuple[BoundMode, ...]] = ("never", "always")
SAMPLINGS = ("4:2:0", "4:4:4")
STRENGTHS = tuple(round(0.1 * number, 1) for number in range(11))
WORST, LEAST = -0.1, 0.05  # dB
TABLE = Path(artifix.inspection.__file__).with_name("strengths.json")


def main() -> None:
    """Measure the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", default=[])
    parser.add_argument("--halve", type=Path, action="append", default=[])
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--json", type=Path, default=TABLE)
    options = parser.parse_args()
    pictures = [image for folder in options.data for image in held_out(folder)]
    pictures += [np.asarray(Image.fromarray(image).reduce(2)) for folder in options.halve for image in held_out(folder)]
    rows = []
    for bound in BOUNDS:
        restorer = Restorer(options.model, bound=bound)
        for sampling, quality in product(SAMPLINGS, QUALITIES):
            gains = np.array([gains_of(restorer, image, quality, sampling) for image in pictures])
            rows.append({"bounded": bound == "always", "sampling": sampling, "quality": quality, **chosen(gains)})
            print(json.dumps(rows[-1]), flush=True)
    table = {"commit": current_commit(), "date": today(), "model": options.model, "pictures": len(pictures)}
    options.json.write_text(json.dumps(table | {"rows": rows}, indent=1) + "\n", encoding="utf-8")


def held_out(folder: Path) -> list[np.ndarray]:
    """The RGB pictures of a folder that training does not see."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in READABLE_SUFFIXES and is_held_out(file))
    return [image for image in map(read_image, files) if image.ndim == 3]


def chosen(gains: np.ndarray) -> dict[str, float]:
    """The strength to take of gains (pictures, strengths), its mean and worst gain, and the mean at full strength."""
    means, worst = gains.mean(axis=0), gains.min(axis=0)
    best = int(np.where(worst >= WORST, means, -np.inf).argmax())
    if means[best] < LEAST:
        best = 0
    figures = {"strength": STRENGTHS[best], "gain": means[best], "worst": worst[best], "gain_at_1": means[-1]}
    return {name: round(float(value), 3) for name, value in figures.items()}


def gains_of(restorer: Restorer, image: np.ndarray, quality: int, sampling: str) -> list[float]:
    """The gain in RGB PSNR, in dB, at each strength."""
    picture = jpeg_of(image, quality, sampling)
    before = ycbcr_to_rgb(picture.pixels)
    after = restorer.restore_picture(picture).pixels.astype(np.float32)
    errors = [np.mean((levels(before + strength * (after - before)) - image) ** 2) for strength in STRENGTHS]
    return [10 * float(np.log10(max(errors[0], 1e-6) / max(error, 1e-6))) for error in errors]


def levels(values: np.ndarray) -> np.ndarray:
    """Whole levels, as a file has them."""
    return np.rint(values).clip(0, 255)


def jpeg_of(image: np.ndarray, quality: int, sampling: str) -> Picture:
    """The image as a JPEG file gives it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        Image.fromarray(image).save(path, quality=quality, subsampling=sampling)
        return read_picture(path)


if __name__ == "__main__":
    main()
