"""Images -> random patches -> (degraded, target) pairs, each a pure function of the seed and its number.

Nothing is remembered between patches, so a run resumes exactly by asking for the next number, and processes share one
stream by taking turns.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin
from torch.utils.data import Dataset

from artifix.codecs import decode, degrade, encode
from artifix.codecs.clips import SMALLEST_HEVC
from artifix.color import luma, rgb_to_ycbcr, to_batch, ycbcr_to_rgb
from artifix.errors import DataError, ImageError
from artifix.image import READABLE_SUFFIXES, read_image
from artifix.jpeg.quantisation import quantisation_tables
from artifix.models.known import KNOWN_SIZE, Known
from artifix.train.recipe import DataRecipe

Pixels = NDArray[np.uint8]


class Lesson(NamedTuple):
    """One pair, as arrays, or a batch of them, as tensors with (N, ...) before the shapes given here."""

    degraded: Any
    """(C, H, W) float32 in [-1, 1]."""
    target: Any
    """The same."""
    known: Any = np.zeros(KNOWN_SIZE, np.float32)
    """What the network is told of the file, as `Known.vector` has it."""
    chroma: Any = np.float32(1)
    """1 where the target's chroma is true, 0 where its source had halved it already."""


BLOCK: Final = 8
CONTEXT: Final = 64  # pixels beside a patch, above and left together with below and right; an HEVC or AV1 block
_HELD_OUT: Final = 40  # one picture in so many is kept for choosing weights, never trained on


@dataclass(frozen=True)
class Pictures:
    """What was found in the data folders: RGB pictures to learn from, and those held out; `skipped` says why not."""

    training: list[Pixels]
    held_out: list[Pixels]
    skipped: list[str]
    halved: set[int] = field(default_factory=set)
    """The numbers of those in `training` whose chroma had been halved: they teach luma alone."""


def read_pictures(folders: Iterable[Path], smallest: int, *, colour: bool = False) -> Pictures:
    """Every picture under the folders whose sides are at least `smallest` pixels; DataError if a folder holds none.

    A picture is held out by its name's hash, so the choice does not move when folders are added. With `colour`, a JPEG
    whose chroma is halved is there twice: as it is, for its luma, and reduced by two, where its chroma is whole; held
    out it is reduced.
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
            rgb = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
            kept = pictures.held_out if is_held_out(file) else pictures.training
            if not colour or not halves_chroma(file):
                kept.append(rgb)
                continue
            if kept is pictures.training:
                pictures.halved.add(len(kept))
                kept.append(rgb)
            if min(rgb.shape[:2]) // 2 >= smallest:
                kept.append(np.asarray(Image.fromarray(rgb).reduce(2)))
    if not pictures.training:
        raise DataError(f"no picture of at least {smallest}x{smallest} pixels to learn from")
    return pictures


def halves_chroma(file: Path) -> bool:
    """Whether a picture file is a JPEG whose chroma has fewer samples than its luma."""
    with Image.open(file) as picture:
        return isinstance(picture, JpegImagePlugin.JpegImageFile) and JpegImagePlugin.get_sampling(picture) in (1, 2)


def is_held_out(file: Path) -> bool:
    """Whether a picture of this name is kept from training."""
    return int.from_bytes(hashlib.sha256(file.name.encode()).digest()[:4]) % _HELD_OUT == 0


class Draw(NamedTuple):
    """Everything random about one pair. A tuple of tensors (N,) holds a batch of them."""

    image: Any  # number of the picture
    y: Any  # of the crop in it, pixels
    x: Any
    turns: Any  # counter-clockwise quarters
    mirrored: Any
    grey: Any  # the shares of the recipe, already decided
    limited: Any  # luma in 16..235 instead of 0..255
    full_chroma: Any
    twice: Any
    first_quality: Any  # of the compression before, and how far its grid lies from the second crop's
    first_y: Any
    first_x: Any
    quality: Any
    top: Any  # how far the grid starts above and left of the patch, 0..7
    left: Any
    told: Any  # whether the network is told of the file
    hue: Any  # by how much the colours are turned, radians, and their saturation multiplied; 0 and 1 for most
    saturation: Any


class Draws(Dataset[Draw]):
    """`length` draws; number i is the same on every machine and in every order."""

    def __init__(
        self, images: list[Pixels], recipe: DataRecipe, seed: int, length: int, halved: frozenset[int] = frozenset()
    ) -> None:
        self.sizes, self.recipe, self.seed, self.length = [image.shape[:2] for image in images], recipe, seed, length
        self.halved = halved
        areas = np.array([height * width for height, width in self.sizes], dtype=np.float64)
        self.cumulative = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Draw:
        rng = np.random.default_rng((self.seed, index))
        recipe = self.recipe
        # Every choice is drawn whether used or not, so that one share can change without moving the others.
        grey, shifted, twice, full_chroma, limited = rng.random(5).tolist()
        low, high = recipe.quality
        first, quality = (low + int((high - low + 1) * u**recipe.quality_power) for u in rng.random(2))
        grid, first_grid = rng.integers(0, BLOCK, size=(2, 2)).tolist()
        image = int(np.searchsorted(self.cumulative, rng.random(), side="right"))
        side, halved = margin_of(recipe), image in self.halved
        y, x = (int(rng.integers(0, extent - side, endpoint=True)) for extent in self.sizes[image])
        turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
        first_y, first_x = first_grid if twice < recipe.twice else (0, 0)
        top, left = grid if shifted < recipe.shifted else (0, 0)
        told, coloured, hue, saturation = rng.random(4).tolist()
        coloured = coloured < recipe.coloured and not halved
        return Draw(
            image,
            y,
            x,
            turns,
            mirrored,
            grey < recipe.grey,
            limited < 0.5,
            full_chroma < recipe.full_chroma,
            twice < recipe.twice,
            first,
            first_y,
            first_x,
            quality,
            top,
            left,
            told < recipe.told and not (top or left),
            (2 * hue - 1) * np.pi if coloured else 0.0,
            2 ** (2 * saturation - 0.5) if coloured else 1.0,
        )


class PatchPairs(Dataset[Lesson]):
    """The pair of each of `Draws`, coded by libjpeg: what worker processes make on the CPU."""

    def __init__(
        self,
        images: list[Pixels],
        recipe: DataRecipe,
        channels: int,
        seed: int,
        length: int,
        halved: frozenset[int] = frozenset(),
    ) -> None:
        self.images, self.recipe, self.channels, self.halved = images, recipe, channels, halved
        self.draws = Draws(images, recipe, seed, length, halved)

    def __len__(self) -> int:
        return len(self.draws)

    def __getitem__(self, index: int) -> Lesson:
        draw = self.draws[index]
        target = self._crop(draw)
        if draw.hue or draw.saturation != 1:
            target = recoloured(target, draw.hue, draw.saturation)
        if self.channels == 1:
            # Half the range that Table 1 is measured in, half the range that grey files have.
            target = luma(target) if draw.limited else full_range_luma(target)
        elif draw.grey:
            target = full_range_luma(target)
        subsampling = "4:4:4" if draw.full_chroma else "4:2:0"
        degraded = target = target[draw.first_y :, draw.first_x :]
        if draw.twice:
            degraded = degrade(degraded, quality=draw.first_quality, subsampling=subsampling)
        height, width = self.recipe.patch + draw.top, self.recipe.patch + draw.left
        file = encode(degraded[:height, :width], quality=draw.quality, subsampling=subsampling)
        planes: NDArray[Any] = target if target.ndim == 2 else rgb_to_ycbcr(target)
        known = known_of(draw.quality, subsampling, target.ndim == 3) if draw.told else Known()
        return Lesson(
            self._batch(decode(file, ycbcr=True), draw),
            self._batch(planes[:height, :width], draw),
            known.vector(),
            np.float32(draw.image not in self.halved),
        )

    def _batch(self, planes: NDArray[Any], draw: Draw) -> NDArray[np.float32]:
        batch: NDArray[np.float32] = to_batch(with_channels(planes[draw.top :, draw.left :], self.channels))[0]
        return batch

    def _crop(self, draw: Draw) -> Pixels:
        side = margin_of(self.recipe)
        patch = np.rot90(self.images[draw.image][draw.y : draw.y + side, draw.x : draw.x + side], draw.turns)
        return np.ascontiguousarray(patch[:, ::-1] if draw.mirrored else patch)


def margin_of(recipe: DataRecipe) -> int:
    """The smallest side a training picture may have: a patch and room to move two grids, one of any codec's blocks.

    Of films, that of what is coded: even, as chroma is halved, and enough for HEVC.
    """
    if recipe.codec == "video":
        side = max(recipe.patch + 2 * BLOCK, SMALLEST_HEVC)
        return side + side % 2
    return recipe.patch + BLOCK + (CONTEXT if recipe.codec == "any" else BLOCK)


def with_channels(planes: NDArray[Any], channels: int) -> NDArray[Any]:
    """(H, W) or (H, W, 3) in 0..255 -> (H, W, channels); grey gets neutral chroma beside it where 3 are asked for."""
    if planes.ndim == 3:
        return planes
    return np.stack([planes, *[np.full_like(planes, 128)] * (channels - 1)], axis=-1)


def known_of(quality: int, subsampling: str, colour: bool) -> Known:
    """The quantisation tables and sampling of a libjpeg file."""
    luma_table, chroma_table = (tuple(table.tolist()) for table in quantisation_tables()[quality - 1])
    sampled = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}[subsampling]
    return Known(luma_table, chroma_table, sampled) if colour else Known(luma_table)


def recoloured(rgb: Pixels, hue: float, saturation: float) -> Pixels:
    """RGB (H, W, 3) with its chroma turned by `hue` radians and multiplied by `saturation`, clipped and rounded."""
    ycbcr = rgb_to_ycbcr(rgb)
    cosine, sine = saturation * np.cos(hue), saturation * np.sin(hue)
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    ycbcr[..., 1:] = (ycbcr[..., 1:] - 128) @ turn.T + 128
    return np.rint(ycbcr_to_rgb(ycbcr)).clip(0, 255).astype(np.uint8)


def full_range_luma(rgb: Pixels) -> Pixels:
    """Full-range luma, rounded to (H, W) uint8."""
    return np.round(rgb_to_ycbcr(rgb)[..., 0]).astype(np.uint8)
