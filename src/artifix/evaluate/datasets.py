"""The pictures that a table is measured on, and whether they are exactly the known set that they seem to be."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import DataError
from artifix.image import READABLE_SUFFIXES, read_image

Pixels = NDArray[np.uint8]

MIN_SIDE: Final = 11  # pixels, SSIM's larger window

# Fingerprint -> name. Classic5, the third set of the literature, is missing, because its fingerprint is not available.
KNOWN: Final[dict[str, str]] = {
    "d0c113b47d48a132737f6087cd9ce822e0a690a76a3904df22753cfe3befc46f": "live1",  # LIVE1's 29 reference images
    "912412a1956f709d50f983a0eafb5e6e9c90cd7e2f9ebe3d4b7d0ca58d589fed": "bsds500",  # the 100 pictures of its val folder
}


@dataclass(frozen=True)
class Dataset:
    """The pictures of one folder. `exact`: every pixel is that of the known set of this name."""

    name: str
    paths: tuple[Path, ...]
    fingerprint: str
    exact: bool


def load_dataset(folder: str | Path) -> Dataset:
    """The pictures lying directly in a folder, in the order of their names.

    LIVE1 and BSDS500's val are recognised by their pixels, whatever the files' names and formats, and are called
    `live1` and `bsds500`; any other set has the folder's name. DataError for a folder without pictures or with one
    too small to measure, ImageError for a broken one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    paths = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in READABLE_SUFFIXES))
    if not paths:
        raise DataError(f"{folder}: no pictures in it")
    found = fingerprint(paths)
    return Dataset(KNOWN.get(found, folder.resolve().name), paths, found, exact=found in KNOWN)


def fingerprint(paths: tuple[Path, ...]) -> str:
    """SHA-256 over the decoded pixels of a set of pictures, the same for any order and any lossless format.

    Files in a lossy format, as BSDS500's, count by what the decoder here makes of them: where another decoder differs
    by one level in one pixel, so do the figures, and the set is not exact.
    """
    digests = []
    for path in paths:
        image = read_image(path)
        if min(image.shape[:2]) < MIN_SIDE:
            raise DataError(f"{path}: {image.shape[1]}x{image.shape[0]} is too small to measure")
        digests.append(hashlib.sha256(f"{image.shape}".encode() + image.tobytes()).digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
