"""A folder in the layout of the PASCAL VOC devkit: pictures, and the objects in them."""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from artifix.errors import DataError, ImageError
from artifix.evaluate.detection.boxes import Boxes
from artifix.image import READABLE_SUFFIXES, read_image

Labels = NDArray[np.intp]

CLASSES: Final = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
_FLAGS: Final = ("-1", "0", "1")


@dataclass(frozen=True)
class Annotated:
    """A picture, and the objects in it.

    `boxes` are (N, 4) edges x1, y1, x2, y2 in pixels from the top left corner, so that x2 - x1 is a width: a pixel that
    VOC counts as 1 lies between 0 and 1, and the devkit's "+ 1" is in them. `labels` (N,) are places in `CLASSES`;
    `difficult` objects (N,) need not be found, and count neither way if they are.
    """

    path: Path
    boxes: Boxes
    labels: Labels
    difficult: NDArray[np.bool_]

    @property
    def name(self) -> str:
        """The picture's file name."""
        return self.path.name

    @property
    def positives(self) -> dict[str, int]:
        """Class -> how many objects of it are to be found."""
        counts = np.bincount(self.labels[~self.difficult], minlength=len(CLASSES))
        return {name: int(count) for name, count in zip(CLASSES, counts, strict=True) if count}


@dataclass(frozen=True)
class Devkit:
    """The pictures of a devkit's test set; `left_out` has a line for each thing that could not be used, and why."""

    name: str
    pictures: tuple[Annotated, ...]
    fingerprint: str
    left_out: tuple[str, ...]


def load_devkit(folder: str | Path) -> Devkit:
    """Read `ImageSets/Main/test.txt`, and the pictures and annotations that it lists, one name a line.

    Behind a name may stand a flag, -1, 0 or 1, as in the devkit's lists for one class. A picture that is missing, does
    not decode, or has no fitting annotation is left out; so is an object of an unknown class, without a proper box or
    outside of its picture, while one that is partly outside is cut at the border. Each is named in `left_out`.
    DataError if the folder is no devkit, or nothing is left to be found.
    """
    folder = Path(folder)
    listing, annotations = folder / "ImageSets" / "Main" / "test.txt", folder / "Annotations"
    try:
        lines = listing.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{listing}: not a VOC devkit, its list of test pictures cannot be read ({reason})") from error
    stems = [_stem(line.strip(), annotations) for line in lines if line.strip()]
    known = _pictures(folder / "JPEGImages")
    pictures, digest = [], hashlib.sha256()
    left_out = [
        f"{listing.relative_to(folder)}: {stem!r} is listed {count} times, used once"
        for stem, count in Counter(stems).items()
        if count > 1
    ]
    for stem in dict.fromkeys(stems):
        path = known.get(stem, folder / "JPEGImages" / f"{stem}.jpg")
        annotation = annotations / f"{stem}.xml"
        try:
            picture, notes = _read(path, annotation)
        except (DataError, ImageError) as error:
            left_out.append(str(error).removeprefix(f"{folder}/"))
            continue
        pictures.append(picture)
        left_out += [f"{annotation.relative_to(folder)}: {note}" for note in notes]
        digest.update(path.name.encode() + path.read_bytes() + annotation.read_bytes())
    if not pictures:
        raise DataError(f"{folder}: no picture of its test set can be used; the first: {(left_out or ['none'])[0]}")
    if not any(picture.positives for picture in pictures):
        raise DataError(f"{folder}: none of its {len(pictures)} test pictures has an object to be found")
    return Devkit(folder.resolve().name, tuple(pictures), digest.hexdigest(), tuple(left_out))


def _stem(line: str, annotations: Path) -> str:
    """The name in a line of the list, without a flag; names may have blanks."""
    *name, last = line.rsplit(maxsplit=1)
    return name[0] if name and last in _FLAGS and not (annotations / f"{line}.xml").exists() else line


def _pictures(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their stems: of several, as a.jpg and a.png, the first in the order of suffixes."""
    paths = [path for path in folder.glob("*") if path.suffix.lower() in READABLE_SUFFIXES]
    paths.sort(key=lambda path: (READABLE_SUFFIXES.index(path.suffix.lower()), path.name), reverse=True)
    return {path.stem: path for path in paths}


def _read(path: Path, annotation: Path) -> tuple[Annotated, list[str]]:
    try:
        root = ElementTree.fromstring(annotation.read_bytes())
    except OSError as error:
        raise DataError(
            f"{annotation}: the annotation cannot be read ({error.strerror}), its picture is left out"
        ) from error
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # or of an encoding that the parser has not
        raise DataError(f"{annotation}: the annotation is no XML ({error}), its picture is left out") from error
    height, width = read_image(path).shape[:2]
    said = [(root.findtext(f"size/{side}") or "").strip() for side in ("width", "height")]
    if all(said) and said != [str(width), str(height)]:
        raise DataError(f"{path}: the picture is {width}x{height}, its annotation says {'x'.join(said)}")
    boxes, labels, difficult, notes = [], [], [], []
    for number, item in enumerate(root.iter("object"), start=1):
        name = (item.findtext("name") or "").strip()
        if name not in CLASSES:
            notes.append(f"object {number} is of the unknown class {name!r}, left out")
            continue
        try:
            x1, y1, x2, y2 = _edges(item)
        except ValueError as error:
            notes.append(f"object {number} ({name}) has no box ({error}), left out")
            continue
        cut = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
        if cut[0] >= cut[2] or cut[1] >= cut[3]:
            notes.append(f"object {number} ({name}) lies outside of the picture, left out")
            continue
        if cut != (x1, y1, x2, y2):
            notes.append(f"object {number} ({name}) lies partly outside of the picture, cut at its border")
        flag = (item.findtext("difficult") or "0").strip()
        if flag not in ("0", "1"):
            notes.append(f"object {number} ({name}) is difficult {flag!r}, neither 0 nor 1, taken as 0")
        boxes.append(cut)
        labels.append(CLASSES.index(name))
        difficult.append(flag == "1")
    return Annotated(path, np.array(boxes).reshape(-1, 4), np.array(labels, np.intp), np.array(difficult, bool)), notes


def _edges(item: ElementTree.Element) -> tuple[float, float, float, float]:
    """Pixels counted from 1, both ends included, as edges: xmin - 1, ymin - 1, xmax, ymax."""
    values = []
    for side in ("xmin", "ymin", "xmax", "ymax"):
        text = item.findtext(f"bndbox/{side}")
        if text is None:
            raise ValueError(f"no {side}")
        values.append(float(text))
        if not math.isfinite(values[-1]):
            raise ValueError(f"{side} is {text}")
    x1, y1, x2, y2 = values
    if x2 <= x1 - 1 or y2 <= y1 - 1:
        raise ValueError(f"from {x1:g}, {y1:g} to {x2:g}, {y2:g}")
    return x1 - 1, y1 - 1, x2, y2
