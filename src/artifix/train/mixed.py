"""Images -> (degraded, target) pairs coded by any codec of still pictures, as a file of unknown origin may have been.

As with JPEG alone (`patches.py`), each pair is a pure function of the seed and its number, for the same installed
codecs.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from artifix.codecs import CODECS, decode, degrade, encode
from artifix.color import rgb_to_ycbcr, to_batch
from artifix.errors import CodecError
from artifix.train.patches import BLOCK, CONTEXT, Lesson, Pixels, full_range_luma, margin_of, with_channels
from artifix.train.recipe import DataRecipe

# The codecs' own factors whose mean rate is JPEG's, 4:2:0, at these qualities: 0.30 to 4.0 bits per pixel. The factors
# are whole, the rates within a tenth; by bisection over 12 photographs, six of BSDS500's training set and six of
# ImageNet. Drawn so, no codec is worse to learn from than another, whatever its factor is called.
_QUALITIES: Final = (5, 10, 20, 50, 80, 95)
_FACTORS: Final = {
    "jpeg": _QUALITIES,
    "webp": (2, 9, 25, 60, 84, 97),
    "jpeg2000": (29, 42, 64, 112, 193, 414),
    "avif": (27, 36, 44, 59, 77, 95),
    "hevc": (20, 26, 32, 42, 54, 74),
    "h264": (43, 40, 37, 32, 26, 15),
}


def factor_of(codec: str, quality: int) -> int:
    """The codec's own factor for the bits that photographs take as JPEG of a quality in 5..95."""
    return round(float(np.interp(quality, _QUALITIES, _FACTORS[codec])))


def codecs_at_hand() -> tuple[str, ...]:
    """Those that can be mixed and are installed here, by trial."""
    found = []
    for codec in _FACTORS:
        try:
            encode(np.zeros((CONTEXT, CONTEXT, 3), np.uint8), codec, quality=CODECS[codec].best)
        except CodecError:
            continue
        found.append(codec)
    return tuple(found)


class MixedPairs(Dataset[Lesson]):
    """`length` pairs in colour, each by one of the installed codecs, all as likely.

    The patch is cut from the middle of what was coded, so that prediction, filters and wavelets reach over its borders
    as they do in files. `quality` is JPEG's, of the same bits; what was compressed `twice` was a JPEG at first.
    """

    def __init__(self, images: list[Pixels], recipe: DataRecipe, seed: int, length: int) -> None:
        self.images, self.recipe, self.seed, self.length = images, recipe, seed, length
        self.codecs = codecs_at_hand()
        areas = np.array([image.shape[0] * image.shape[1] for image in images], dtype=np.float64)
        self.cumulative = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Lesson:
        rng = np.random.default_rng((self.seed, index))
        recipe, side = self.recipe, margin_of(self.recipe)
        codec = self.codecs[rng.integers(len(self.codecs))]
        shares = recipe.grey, recipe.twice, recipe.full_chroma, recipe.shifted
        grey, twice, full_chroma, shifted = (rng.random(4) < shares).tolist()
        low, high = recipe.quality
        first, quality = (low + int((high - low + 1) * u**recipe.quality_power) for u in rng.random(2))
        first_y, first_x = rng.integers(BLOCK, size=2).tolist() if twice else (0, 0)
        top, left = rng.integers(CONTEXT, size=2).tolist()
        if not shifted:
            top, left = top - top % BLOCK, left - left % BLOCK
        image = self.images[int(np.searchsorted(self.cumulative, rng.random(), side="right"))]
        y, x = (int(rng.integers(0, extent - side, endpoint=True)) for extent in image.shape[:2])
        turned = np.rot90(image[y : y + side, x : x + side], int(rng.integers(4)))[:: int(rng.choice((1, -1)))]
        target = np.ascontiguousarray(turned)

        if grey:
            target = full_range_luma(target)
        known = CODECS[codec].subsamplings
        subsampling = "4:4:4" if full_chroma and "4:4:4" in known else known[0]
        coded = degrade(target, quality=first) if twice else target
        target, coded = (np.ascontiguousarray(whole[first_y:, first_x:]) for whole in (target, coded))
        degraded = coded_ycbcr(coded, codec, quality, subsampling)
        window = slice(top, top + recipe.patch), slice(left, left + recipe.patch)
        planes = target if grey else rgb_to_ycbcr(target)
        return Lesson(to_batch(with_channels(degraded[window], 3))[0], to_batch(with_channels(planes[window], 3))[0])


def coded_ycbcr(image: Pixels, codec: str, quality: int, subsampling: str | None = None) -> NDArray[Any]:
    """An RGB or grey image as its file gives it back to a network: YCbCr (H, W, 3), JPEG's own or of RGB; or grey.

    `quality` is that of the JPEG with the same bits.
    """
    file = encode(image, codec, quality=factor_of(codec, quality), subsampling=subsampling)
    pixels = decode(file, codec, shape=image.shape, ycbcr=codec == "jpeg")
    return pixels if codec == "jpeg" or pixels.ndim == 2 else rgb_to_ycbcr(pixels)
