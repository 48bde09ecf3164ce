"""Measure what restoring does to every kind of picture at every quality, and whether anything comes back worse.

    python benchmarks/harm.py --data LIVE1_FOLDER --json results/harm.json [--quick] [--model NAME] [--kind NAME ...]

It makes its own inputs from the photographs and from graphics that it draws by other seeds than training does: JPEGs
coded once and twice, clean PNGs, and what a first run made of them. All go through `restore_file` with its defaults,
into PNG. A row has, for one kind and one way of coding, the mean and the worst gain in RGB PSNR; rows that lose more
than 0.05 dB in the mean, or 0.2 dB in one picture, are listed, and the exit status is then 1.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.image import READABLE_SUFFIXES, read_image, read_picture
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer
from artifix.train.drawings import KINDS

Pixels = NDArray[np.uint8]

QUALITIES: Final = (10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92, 95, 98, 100)
QUICK_QUALITIES: Final = (20, 60, 85, 95, 100)
SAMPLINGS: Final = ("4:2:0", "4:2:2", "4:4:4")
TWICE: Final = ((20, 95), (20, 90), (50, 85))
SHIFT: Final = (3, 6)  # rows and columns cut away between two codings
MEAN, WORST = -0.05, -0.2  # dB
_SEED: Final = 7_000_000  # training's seeds are pairs, and these are triples
_LEAST_ERROR: Final = 1e-3  # mean square, in levels: what is better than 78 dB counts as that


@dataclass(frozen=True)
class Gain:
    """What one restoration did."""

    before: float
    gain: float
    left: bool
    verifies: bool | None = None


def main() -> int:
    """Measure all, write the JSON file, and say what loses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of clean photographs")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--model")
    parser.add_argument("--kind", nargs="+", help="of these kinds only: photograph, or a drawing's name")
    parser.add_argument("--quick", action="store_true", help="few pictures, qualities and samplings")
    options = parser.parse_args()
    restorer = Restorer(options.model)
    rows = []
    for kind, images in pictures(options.data, options.quick):
        if options.kind and kind not in options.kind:
            continue
        for case, gains in measured(restorer, images, options.quick):
            rows.append({"kind": kind, **case, **summary(gains)})
            print(json.dumps(rows[-1]), flush=True)
    lost = [row for row in rows if row["gain"] < MEAN or row["worst"] < WORST]
    head = {"commit": current_commit(), "date": today(), "model": restorer.card.name, "quick": options.quick}
    if options.kind:
        head["kinds"] = options.kind
    options.json.write_text(json.dumps(head | {"lost": len(lost), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} rows, of which {len(lost)} lose:")
    for row in lost:
        print(json.dumps(row))
    return 1 if lost else 0


def pictures(data: Path, quick: bool) -> Iterator[tuple[str, list[Pixels]]]:
    """Each kind of picture by its name: photographs, their middles where it has to be quick, and drawings.

    The sides of the middles and the drawings cut blocks in two.
    """
    files = sorted(file for file in data.iterdir() if file.suffix.lower() in READABLE_SUFFIXES)
    photographs = [image for image in map(read_image, files[:: 5 if quick else 1]) if image.ndim == 3]
    yield "photograph", [middle(image, 251) for image in photographs] if quick else photographs
    for number, (kind, draw) in enumerate(KINDS.items()):
        seeds = [np.random.default_rng((_SEED, number, each)) for each in range(3 if quick else 10)]
        yield kind, [draw(rng)[:-3, :-5] for rng in seeds]


def middle(image: Pixels, side: int) -> Pixels:
    """The middle of an image, at most this wide and high."""
    top, left = ((extent - min(side, extent)) // 2 for extent in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def measured(restorer: Restorer, images: list[Pixels], quick: bool) -> Iterator[tuple[dict[str, Any], list[Gain]]]:
    """Every way of coding, and what it gains each image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sampling in ("4:2:0", "4:4:4") if quick else SAMPLINGS:
            for quality in QUICK_QUALITIES if quick else QUALITIES:
                gains = [once(restorer, folder, image, quality, sampling) for image in images]
                yield {"case": "once", "quality": quality, "sampling": sampling}, gains
        for first, second in TWICE[:1] if quick else TWICE:
            for shift in ((0, 0), SHIFT):
                gains = [twice(restorer, folder, image, first, second, shift) for image in images]
                case = "twice, shifted" if any(shift) else "twice, aligned"
                yield {"case": case, "quality": second, "first": first, "sampling": "4:2:0"}, gains
        yield {"case": "clean PNG"}, [clean(restorer, folder, image) for image in images]
        for quality in (60,) if quick else (20, 60, 90):
            for suffix in (".png", ".jpg"):
                gains = [again(restorer, folder, image, quality, suffix) for image in images]
                yield {"case": f"second run, {suffix[1:]}", "quality": quality, "sampling": "4:2:0"}, gains


def once(restorer: Restorer, folder: Path, image: Pixels, quality: int, sampling: str) -> Gain:
    """A JPEG of the image."""
    source, target = folder / "once.jpg", folder / "once.png"
    Image.fromarray(image).save(source, quality=quality, subsampling=sampling)
    return gain(restorer, image, source, target, verified=True)


def twice(restorer: Restorer, folder: Path, image: Pixels, first: int, second: int, shift: tuple[int, int]) -> Gain:
    """A JPEG of a JPEG, whose grid begins elsewhere if some of its rows and columns were cut away."""
    source, target = folder / "twice.jpg", folder / "twice.png"
    Image.fromarray(image).save(source, quality=first)
    cut = np.ascontiguousarray(read_image(source)[shift[0] :, shift[1] :])
    Image.fromarray(cut).save(source, quality=second)
    return gain(restorer, np.ascontiguousarray(image[shift[0] :, shift[1] :]), source, target)


def clean(restorer: Restorer, folder: Path, image: Pixels) -> Gain:
    """The image itself."""
    source, target = folder / "clean-in.png", folder / "clean.png"
    Image.fromarray(image).save(source)
    return gain(restorer, image, source, target)


def again(restorer: Restorer, folder: Path, image: Pixels, quality: int, suffix: str) -> Gain:
    """What a first run wrote for a JPEG of the image."""
    source, first, second = (folder / f"{name}{suffix}" for name in ("source", "first", "second"))
    source = source.with_suffix(".jpg")
    Image.fromarray(image).save(source, quality=quality)
    restorer.restore_file(source, first, overwrite=True)
    return gain(restorer, image, first, second)


def gain(restorer: Restorer, image: Pixels, source: Path, target: Path, *, verified: bool = False) -> Gain:
    """What restoring a file gains over what it decodes to, against the image, in dB of RGB PSNR."""
    record = restorer.restore_file(source, target, overwrite=True)
    before, after = (decibel(read_image(path), image) for path in (source, target))
    left = any(note.startswith("left as it is") for note in record.notes)
    return Gain(before, after - before, left, verifies(source, target) if verified else None)


def verifies(source: Path, target: Path) -> bool | None:
    """Whether the restored picture could be the JPEG's original; None where artifix cannot say."""
    if find_spec("artifix.restoration.verify") is None:
        return None
    from artifix.restoration.verify import verify_picture

    restored = read_picture(target, ycbcr=False)
    return bool(verify_picture(source, read_picture(source), target, restored).possible)


def decibel(image: Pixels, target: Pixels) -> float:
    """RGB PSNR in dB, at most 78."""
    error = float(np.mean((image.astype(np.float64) - target) ** 2))
    return float(10 * np.log10(255**2 / max(error, _LEAST_ERROR)))


def summary(gains: list[Gain]) -> dict[str, Any]:
    """A row's figures."""
    found = [each.gain for each in gains]
    row = {
        "pictures": len(gains),
        "before": round(float(np.mean([each.before for each in gains])), 3),
        "gain": round(float(np.mean(found)), 3),
        "worst": round(min(found), 3),
        "left": sum(each.left for each in gains),
    }
    asked = [each.verifies for each in gains if each.verifies is not None]
    return row | ({"verify": sum(asked)} if asked else {})


if __name__ == "__main__":
    raise SystemExit(main())
