"""How much of its interval a restored coefficient may best use: by its step, its block's texture and its component.

    python benchmarks/share.py FOLDER... [--model NAME] [--halve bsds500] --json share.json

Restores, without the bound, the middle of every picture under the folders that training keeps for choosing weights
(`is_held_out`), as a JPEG of each quality and sampling, and sums for each share of the interval the squared distance to
the original that clamping to it leaves. What follows from it stands in `src/artifix/jpeg/share.py`. Pictures whose path
contains the word of `--halve` are reduced by two before: those that were JPEGs themselves.
"""

import argparse
import itertools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.codecs import encode
from artifix.color import rgb_to_ycbcr
from artifix.image import read_image, read_picture
from artifix.jpeg import JpegCoefficients
from artifix.jpeg.intervals import coefficients_in_steps, sampled
from artifix.models.catalog import DEFAULT
from artifix.provenance import add_results
from artifix.restoration import Restorer
from artifix.train.patches import is_held_out

QUALITIES: Final = (5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 88, 90, 92, 94, 95, 96, 97, 98, 99, 100)
SHARES: Final = np.array([0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5])
STEPS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 25, 40, 70, 120, 1 << 16)  # the last of each class of steps, less one
BUSY: Final = (3, 7, 15, 31, 47, 63)  # the last of each class of counts of coefficients that are not 0
_SIDE: Final = 192  # a multiple of every unit

Sums = dict[tuple[str, int, int], NDArray[np.float64]]


def main() -> None:
    """Restore, sum and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--halve", default="bsds500")
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    restorer = Restorer(options.model, bound="never", precision="float")
    sums: Sums = defaultdict(lambda: np.zeros(len(SHARES) + 1))
    pictures = list(_pictures(options.folders, options.halve))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "coded.jpg"
        for picture in pictures:
            for quality in QUALITIES:
                for subsampling in ("4:2:0", "4:4:4"):
                    file.write_bytes(encode(picture, quality=quality, subsampling=subsampling))
                    _add(sums, picture, restorer, file)
    rows = [_row(*key, values) for key, values in sorted(sums.items())]
    add_results(options.json, options.model, {"pictures": len(pictures), "rows": rows})


def _pictures(folders: list[Path], halved: str) -> Iterator[NDArray[np.uint8]]:
    for file in sorted(file for folder in folders for file in folder.rglob("*") if file.is_file()):
        if not is_held_out(file):
            continue
        image = Image.fromarray(read_image(file)).convert("RGB")
        if halved and halved in str(file):
            image = image.reduce(2)
        width, height = (side // 16 * 16 for side in image.size)
        side = min(_SIDE, width, height)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        yield np.asarray(image.crop((left, top, left + side, top + side)))


def _add(sums: Sums, target: NDArray[np.uint8], restorer: Restorer, file: Path) -> None:
    picture = read_picture(file)
    coefficients = picture.coefficients
    if coefficients is None:
        raise SystemExit(f"{file}: no coefficients")
    told = restorer.for_coding(picture.tables, picture.subsampling)
    planes = told.restore_planes(picture.pixels.astype(np.float32))
    for name, component, restored, original in zip(
        "yccc",
        coefficients.components,
        _offsets(planes, coefficients),
        _offsets(rgb_to_ycbcr(target), coefficients),
        strict=False,
    ):
        steps = np.searchsorted(STEPS, component.table)
        classes = np.searchsorted(BUSY, _counts(component.quantised))
        for step, busy in itertools.product(np.unique(steps).tolist(), np.unique(classes).tolist()):
            scale = component.table[steps == step].astype(np.float64)
            found, wanted = (offsets[classes == busy][:, steps == step] for offsets in (restored, original))
            lost = [(((found.clip(-share, share) - wanted) * scale) ** 2).sum() for share in SHARES]
            sums[name, step, busy] += [*lost, found.size]


def _counts(quantised: NDArray[np.int16]) -> NDArray[np.int64]:
    """How many coefficients of each 8x8 block, apart from the lowest, are not 0: (N,), in the order of `_offsets`."""
    height, width = quantised.shape
    blocks = quantised.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 64)
    return np.count_nonzero(blocks[:, 1:], axis=1)


def _offsets(planes: NDArray[np.float32], coefficients: JpegCoefficients) -> Iterator[NDArray[np.float32]]:
    """For each component how far each coefficient lies from the middle of its interval, in steps: (N, 8, 8)."""
    for number, component in enumerate(coefficients.components):
        samples = sampled(planes[None, ..., number], component)
        yield coefficients_in_steps(samples, component.quantised[None], component)


def _row(name: str, step: int, busy: int, values: NDArray[np.float64]) -> dict[str, Any]:
    lost, count = values[:-1], values[-1]
    best = int(lost.argmin())
    row = {
        "component": name,
        "steps": f"{STEPS[step - 1] + 1 if step else 1}..{STEPS[step]}",
        "busy": f"{BUSY[busy - 1] + 1 if busy else 0}..{BUSY[busy]}",
        "best": float(SHARES[best]),
        "mse": [round(float(each / count), 5) for each in lost],
    }
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
