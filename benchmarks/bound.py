"""What the file's bound is worth: gains with it and without it, single and coded twice.

    python benchmarks/bound.py [--model mse] [--data .data/live1] [--count 29] --json results/bound.json

Crops from the middle of LIVE1's pictures (`--side` pixels), coded by libjpeg at each quality and sampling, and restored
in fp32 to PNG; mean PSNR over RGB, dB. Twice-coded ones are saved at quality 20, then at 95 or 90, in place or moved by
3 pixels, and compared with the picture before either. Evaluation only: nothing is chosen by these pictures.
"""

import argparse
import io
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.image import Picture, read_image, read_picture, to_rgb
from artifix.jpeg import verify
from artifix.models.catalog import DEFAULT
from artifix.provenance import add_results
from artifix.restoration import Restorer
from artifix.restoration.bound import Rule

QUALITIES: Final = (10, 20, 40, 60, 80, 90, 92, 95, 98, 100)
SAMPLINGS: Final = ("4:2:0", "4:4:4")
TWICE: Final = ((20, 95), (20, 90))
MOVED: Final = 3  # pixels, between the two codings
_BOUND, _FREE = Rule(True, "kept"), Rule(False, "given up")

Pixels = NDArray[np.uint8]


def main() -> None:
    """Code, restore with and without the bound, and write the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ARTIFIX_DATA", ".data")) / "live1")
    parser.add_argument("--count", type=int, default=29)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    restorer = Restorer(options.model, precision="fp32")
    targets = [_middle(read_image(file), options.side) for file in sorted(options.data.iterdir())[: options.count]]
    found: dict[str, Any] = {"pictures": len(targets), "side": options.side, "once": [], "twice": []}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "coded.jpg"
        for quality in QUALITIES:
            for sampling in SAMPLINGS:
                rows = [_gains(restorer, target, _once(target, quality, sampling, file)) for target in targets]
                found["once"].append({"quality": quality, "sampling": sampling} | _means(rows))
                print(found["once"][-1], flush=True)
        for first, second in TWICE:
            for moved in (0, MOVED):
                rows = [_gains(restorer, *_twice(target, first, second, moved, file)) for target in targets]
                found["twice"].append({"first": first, "second": second, "moved": moved} | _means(rows))
                print(found["twice"][-1], flush=True)
    add_results(options.json, options.model, found)


def _middle(image: Pixels, side: int) -> Pixels:
    height, width = image.shape[:2]
    top, left = max(0, height - side) // 2, max(0, width - side) // 2
    return image[top : top + side, left : left + side]


def _once(image: Pixels, quality: int, sampling: str, file: Path) -> Picture:
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=sampling)
    return read_picture(file)


def _twice(image: Pixels, first: int, second: int, moved: int, file: Path) -> tuple[Pixels, Picture]:
    """The target and its picture, saved twice in 4:2:0; the second grid lies `moved` pixels from the first."""
    between = io.BytesIO()
    Image.fromarray(image).save(between, "JPEG", quality=first, subsampling="4:2:0")
    decoded = np.asarray(Image.open(between).convert("RGB"))[moved:, moved:]
    return image[moved:, moved:], _once(decoded, second, "4:2:0", file)


def _gains(restorer: Restorer, target: Pixels, picture: Picture) -> tuple[float, float, float, float]:
    """PSNR of the JPEG, restored without and with the bound, and whether that could be the original."""
    if picture.coefficients is None:
        raise SystemExit("the coefficients cannot be read")
    free, bound = (restorer.restore_picture(picture, rule=rule).pixels for rule in (_FREE, _BOUND))
    possible = verify(picture.coefficients, bound).possible
    return _psnr(to_rgb(picture), target), _psnr(free, target), _psnr(bound, target), float(possible)


def _means(rows: list[tuple[float, float, float, float]]) -> dict[str, float]:
    jpeg, free, bound, possible = np.mean(rows, axis=0)
    worst = min(each[2] - each[0] for each in rows)
    figures = {"jpeg": jpeg, "without": free, "with": bound, "worst_gain": worst, "possible": possible}
    return {name: round(float(value), 3) for name, value in figures.items()}


def _psnr(image: Pixels, target: Pixels) -> float:
    error = np.mean((image.astype(np.float64) - target) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


if __name__ == "__main__":
    main()
