"""Images -> (degraded, target) pairs cut from films of them: a camera pans and zooms, H.264 or HEVC codes what it sees.

As with pictures (`patches.py`), each pair is a pure function of the seed and its number.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from artifix.codecs.clips import (
    CLIP_CODECS,
    Motion,
    decode_clip,
    encode_clip,
    film,
    from_planes,
    to_planes,
)
from artifix.color import rgb_to_ycbcr, to_batch
from artifix.train.patches import Lesson, Pixels, margin_of
from artifix.train.recipe import DataRecipe

_FRAMES: Final = 6  # of a clip: an intra frame, then predicted ones of both kinds
_INTRA: Final = 0.1  # share of frames coded on their own, beside each clip's first
_STILL: Final = 0.2  # share of clips in which the camera stands
_SPEED: Final = 4.0  # pixels a frame at most; half of them below a quarter of it
_ZOOM: Final = 0.01  # a frame at most, in or out
_SCALE: Final = 2.0  # pixels of a picture to one of a film at most: films are sharper than what they were made from


class ClipPairs(Dataset[Lesson]):
    """`length` pairs of frames' patches, the recipe's `quality` being the codecs' constant rate factor."""

    def __init__(self, images: list[Pixels], recipe: DataRecipe, seed: int, length: int) -> None:
        self.images, self.recipe, self.seed, self.length = images, recipe, seed, length
        areas = np.array([image.shape[0] * image.shape[1] for image in images], dtype=np.float64)
        self.cumulative = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Lesson:
        rng = np.random.default_rng((self.seed, index))
        recipe, side = self.recipe, margin_of(self.recipe)
        codec = CLIP_CODECS[rng.integers(len(CLIP_CODECS))]
        low, high = recipe.quality
        crf = low + int((high - low + 1) * rng.random() ** recipe.quality_power)
        intra, grey = (rng.random(2) < (_INTRA, recipe.grey)).tolist()
        image = self.images[int(np.searchsorted(self.cumulative, rng.random(), side="right"))]
        image = np.rot90(image, int(rng.integers(4)))[:: int(rng.choice((1, -1)))]
        motion = _draw_motion(rng, image, side)
        shown = int(rng.integers(_FRAMES))
        top, left = rng.integers(side - recipe.patch, size=2, endpoint=True).tolist()

        frames = film(np.ascontiguousarray(image), motion, side, side, _FRAMES)
        if intra:
            frames, shown = frames[shown : shown + 1], 0
        planes = rgb_to_ycbcr(frames)
        if grey:
            planes[..., 1:] = 128
        coded = decode_clip(encode_clip([to_planes(frame) for frame in planes], codec, crf=crf), codec)
        window = slice(top, top + recipe.patch), slice(left, left + recipe.patch)
        degraded, target = from_planes(coded[shown])[window], planes[shown][window]
        return Lesson(to_batch(degraded)[0], to_batch(target)[0])


def film_pair(picture: Pixels, side: int, crf: int) -> tuple[Pixels, NDArray[np.float32]]:
    """A predicted frame of a slow pan over a picture's middle: its target, RGB, and as H.264 gives it back, YCbCr.

    Of (H, W, 3), sides even and at most `side`; H.264 because at one rate factor it leaves more to restore.
    """
    height, width = (min(side, extent) // 2 * 2 for extent in picture.shape[:2])
    y, x = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    frames = film(picture, Motion(x, y, 1, 0, 1, 1), height, width, _FRAMES)
    coded = decode_clip(encode_clip([to_planes(rgb_to_ycbcr(frame)) for frame in frames], "h264", crf=crf), "h264")
    return frames[_FRAMES // 2], from_planes(coded[_FRAMES // 2])


def _draw_motion(rng: np.random.Generator, image: Pixels, side: int) -> Motion:
    height, width = image.shape[:2]
    scale = rng.uniform(1, min(_SCALE, height / side, width / side))
    y, x = (rng.uniform(0, extent - side * scale) for extent in (height, width))
    angle, speed, zoom = rng.uniform(0, 2 * np.pi), _SPEED * scale * rng.random() ** 2, rng.uniform(-_ZOOM, _ZOOM)
    if rng.random() < _STILL:
        speed = zoom = 0.0
    return Motion(x, y, speed * np.cos(angle), speed * np.sin(angle), scale, 1 + zoom)
