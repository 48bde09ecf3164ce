"""Images -> random patches -> (degraded, target) pairs, each a pure function of the seed and its number.

Nothing is remembered between patches, so a run resumes exactly by asking for the next number, and processes share one
stream by taking turns.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from artifix.codecs import decode, degrade, encode
from artifix.color import luma, rgb_to_ycbcr, to_batch
from artifix.errors import DataError, ImageError
from artifix.image import READABLE_SUFFIXES, read_image
from artifix.train.recipe import DataRecipe

Pixels = NDArray[np.uint8]
Pair = tuple[NDArray[np.float32], NDArray[np.float32]]  # degraded, target: (C, H, W) in [-1, 1]

_BLOCK: Final = 8
_HELD_OUT: Final = 40  # one picture in so many is kept for choosing weights, never trained on


@dataclass(frozen=True)
class Pictures:
    """What was found in the data folders: RGB pictures to learn from, and those held out; `skipped` says why not."""

    training: list[Pixels]
    held_out: list[Pixels]
    skipped: list[str]


def read_pictures(folders: Iterable[Path], smallest: int) -> Pictures:
    """Every picture under the folders whose sides are at least `smallest` pixels; DataError if a folder holds none.

    A picture is held out by its name's hash, so the choice does not move when folders are added.
    """
    pictures = Pictures([], [], [])
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in READABLE_SUFFIXES)
        if not files:
            raise DataError(f"{folder}: no pictures in it")
        for file in files:
            try:
                image = read_image(file)
            except ImageError as error:
                pictures.skipped.append(str(error))
                continue
            if min(image.shape[:2]) < smallest:
                pictures.skipped.append(f"{file}: smaller than {smallest}x{smallest}")
                continue
            colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
            kept = pictures.held_out if _is_held_out(file) else pictures.training
            kept.append(colour)
    if not pictures.training:
        raise DataError(f"no picture of at least {smallest}x{smallest} pixels to learn from")
    return pictures


def _is_held_out(file: Path) -> bool:
    return int.from_bytes(hashlib.sha256(file.name.encode()).digest()[:4]) % _HELD_OUT == 0


class PatchPairs(Dataset[Pair]):
    """`length` random pairs; number i is the same on every machine and in every order."""

    def __init__(self, images: list[Pixels], recipe: DataRecipe, channels: int, seed: int, length: int) -> None:
        self.images, self.recipe, self.channels, self.seed, self.length = images, recipe, channels, seed, length
        areas = np.array([image.shape[0] * image.shape[1] for image in images], dtype=np.float64)
        self.cumulative = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Pair:
        rng = np.random.default_rng((self.seed, index))
        recipe = self.recipe
        # Every choice is drawn whether used or not, so that one share can change without moving the others.
        grey, shifted, twice, full_chroma, limited = rng.random(5)
        first, quality = rng.integers(recipe.quality[0], recipe.quality[1], size=2, endpoint=True).tolist()
        grid, first_grid = rng.integers(0, _BLOCK, size=(2, 2)).tolist()
        margin = 2 * _BLOCK
        target = self._crop(rng, recipe.patch + margin)
        if self.channels == 1:
            # Half the range that Table 1 is measured in, half the range that grey files have.
            target = luma(target) if limited < 0.5 else _full_range_luma(target)
        elif grey < recipe.grey:
            target = _full_range_luma(target)
        subsampling = "4:4:4" if full_chroma < recipe.full_chroma else "4:2:0"
        top, left = grid if shifted < recipe.shifted else (0, 0)
        degraded = target
        if twice < recipe.twice:
            y, x = first_grid
            degraded = degrade(degraded[y:, x:], quality=first, subsampling=subsampling)
            target = target[y:, x:]
        side = recipe.patch
        degraded, target = degraded[: side + top, : side + left], target[: side + top, : side + left]
        degraded = decode(encode(degraded, quality=quality, subsampling=subsampling), ycbcr=True)
        planes: NDArray[Any] = target if target.ndim == 2 else rgb_to_ycbcr(target)
        return self._batch(degraded[top:, left:]), self._batch(planes[top:, left:])

    def _batch(self, planes: NDArray[Any]) -> NDArray[np.float32]:
        batch: NDArray[np.float32] = to_batch(with_channels(planes, self.channels))[0]
        return batch

    def _crop(self, rng: np.random.Generator, side: int) -> Pixels:
        image = self.images[int(np.searchsorted(self.cumulative, rng.random(), side="right"))]
        y, x = (int(rng.integers(0, extent - side, endpoint=True)) for extent in image.shape[:2])
        patch = np.rot90(image[y : y + side, x : x + side], int(rng.integers(4)))
        return np.ascontiguousarray(patch[:, ::-1] if rng.integers(2) else patch)


def margin_of(recipe: DataRecipe) -> int:
    """The smallest side a training picture may have: a patch and room to move two grids."""
    return recipe.patch + 2 * _BLOCK


def with_channels(planes: NDArray[Any], channels: int) -> NDArray[Any]:
    """(H, W) or (H, W, 3) in 0..255 -> (H, W, channels); grey gets neutral chroma beside it where 3 are asked for."""
    if planes.ndim == 3:
        return planes
    return np.stack([planes, *[np.full_like(planes, 128)] * (channels - 1)], axis=-1)


def _full_range_luma(rgb: Pixels) -> Pixels:
    return np.round(rgb_to_ycbcr(rgb)[..., 0]).astype(np.uint8)
