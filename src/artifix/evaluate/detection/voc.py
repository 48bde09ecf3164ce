"""A folder in the layout of the PASCAL VOC devkit: pictures, and the objects in them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from artifix.errors import DataError, ImageError
from artifix.image import read_image

Boxes = NDArray[np.float64]
Labels = NDArray[np.intp]

CLASSES: Final = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


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
    """Read `ImageSets/Main/test.txt`, and the pictures and annotations that it lists.

    A picture that is missing, does not decode, or has no fitting annotation is left out; so is an object of an unknown
    class or outside of its picture, while one that is partly outside is cut at the border. Each is named in `left_out`.
    DataError if the folder is no devkit, or nothing is left.
    """
    folder = Path(folder)
    listing = folder / "ImageSets" / "Main" / "test.txt"
    try:
        stems = listing.read_text(encoding="utf-8").split()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{listing}: not a VOC devkit, its list of test pictures cannot be read ({reason})") from error
    pictures, left_out, digest = [], [], hashlib.sha256()
    for stem in dict.fromkeys(stems):
        path, annotation = folder / "JPEGImages" / f"{stem}.jpg", folder / "Annotations" / f"{stem}.xml"
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
    return Devkit(folder.resolve().name, tuple(pictures), digest.hexdigest(), tuple(left_out))


def _read(path: Path, annotation: Path) -> tuple[Annotated, list[str]]:
    try:
        root = ElementTree.fromstring(annotation.read_bytes())
    except OSError as error:
        raise DataError(
            f"{annotation}: the annotation cannot be read ({error.strerror}), its picture is left out"
        ) from error
    except ElementTree.ParseError as error:
        raise DataError(f"{annotation}: the annotation is no XML ({error}), its picture is left out") from error
    height, width = read_image(path).shape[:2]
    said = root.findtext("size/width"), root.findtext("size/height")
    if None not in said and said != (str(width), str(height)):
        raise DataError(f"{path}: the picture is {width}x{height}, its annotation says {'x'.join(map(str, said))}")
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
        boxes.append(cut)
        labels.append(CLASSES.index(name))
        difficult.append((item.findtext("difficult") or "0").strip() == "1")
    return Annotated(path, np.array(boxes).reshape(-1, 4), np.array(labels, np.intp), np.array(difficult, bool)), notes


def _edges(item: ElementTree.Element) -> Iterator[float]:
    """Pixels counted from 1, both ends included, as edges: xmin - 1, ymin - 1, xmax, ymax."""
    for side, shift in (("xmin", 1), ("ymin", 1), ("xmax", 0), ("ymax", 0)):
        text = item.findtext(f"bndbox/{side}")
        if text is None:
            raise ValueError(f"no {side}")
        yield float(text) - shift
