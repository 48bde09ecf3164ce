"""How a whole set is degraded: by JPEG at a quality, or by another codec tuned until it takes the same bits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.codecs import CODECS, encode
from artifix.errors import DataError
from artifix.image import read_image
from artifix.threads import side_by_side

Pixels = NDArray[np.uint8]
Rates = NDArray[np.float64]

TOLERANCE: Final = 0.01
_FREE: Final = 16  # pictures of which every subset is tried


@dataclass(frozen=True)
class Coding:
    """A codec's settings for a set of pictures.

    `quality` is JPEG's: for another codec that of the JPEG whose bits it takes. `factor` is the codec's own for every
    picture but those in `better`, by name, which are coded one step better: so the mean rate is met between two steps.
    `bpp` is the mean over pictures of the files' bits per pixel, where it was measured.
    """

    codec: str
    quality: int
    factor: int
    better: tuple[str, ...] = ()
    bpp: float | None = None

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Coding":
        """The coding that JSON has these values of."""
        return cls(**values | {"better": tuple(values["better"])})

    def factor_of(self, picture: str) -> int:
        """The codec's own factor for the picture of this name."""
        return self.factor + CODECS[self.codec].step * (picture in self.better)

    @property
    def fingerprint(self) -> str:
        """What distinguishes it from another coding of the same codec and quality."""
        return hashlib.sha256(repr((self.factor, self.better)).encode()).hexdigest()[:8]

    def __str__(self) -> str:
        codec = CODECS[self.codec]
        share = f", {len(self.better)} pictures at {self.factor + codec.step}" if self.better else ""
        rate = f", {self.bpp:.4f} bits per pixel" if self.bpp is not None else ""
        return f"{self.codec} at {codec.factor} {self.factor}{share}{rate}"


def jpeg_at(quality: int) -> Coding:
    """JPEG at a quality, 1..100."""
    return Coding("jpeg", quality, quality)


def read_rgb(path: Path) -> Pixels:
    """A picture as (H, W, 3) RGB, grey three times over."""
    image = read_image(path)
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def bits_per_pixel(paths: Sequence[Path], codec: str, factor: int, jobs: int = 2) -> Rates:
    """The bits per pixel, (N,), of each picture's file, RGB with the codec's usual chroma, at one factor."""

    def rate(path: Path) -> tuple[Path, float]:
        image = read_rgb(path)
        return path, 8 * len(encode(image, codec, quality=factor)) / (image.shape[0] * image.shape[1])

    with side_by_side([partial(rate, path) for path in paths], jobs) as measured:
        rates = dict(measured)
    return np.array([rates[path] for path in paths])


def match_rate(paths: Sequence[Path], codec: str, quality: int, *, jobs: int = 2) -> Coding:
    """The coding whose mean rate over the pictures is that of JPEG 4:2:0 at a quality, within `TOLERANCE`.

    Bisects over the codec's factor, encoding the whole set at each trial. Two neighbouring factors are several per
    cent apart, so a part of the pictures takes the better of the two: the first in an order drawn once for all by a
    fixed seed, and of the 16 around the last of those whichever bring the rate nearest; of so few pictures, then, any.
    DataError, with what was reached, where even that is not enough.
    """
    target = float(bits_per_pixel(paths, "jpeg", quality, jobs).mean())
    if codec == "jpeg":
        return Coding("jpeg", quality, quality, bpp=round(target, 6))
    factors = CODECS[codec].range
    measured: dict[int, Rates] = {}

    def rates(step: int) -> Rates:
        if step not in measured:
            measured[step] = bits_per_pixel(paths, codec, factors[step], jobs)
        return measured[step]

    # The rate at `below` is not above the target and that at `above` is, as far as the codec goes.
    below, above = 0, len(factors) - 1
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if rates(middle).mean() <= target else (below, middle)
    better = _nearest((rates(above) - rates(below)) / len(paths), target - rates(below).mean())
    reached = float(np.where(better, rates(above), rates(below)).mean())
    if abs(reached / target - 1) > TOLERANCE:
        raise DataError(
            f"{paths[0].parent}: {codec} comes no nearer to JPEG's {target:.4f} bits per pixel at quality {quality} "
            f"than {reached:.4f}"
        )
    if better.all():
        return Coding(codec, quality, factors[above], bpp=round(reached, 6))
    names = tuple(sorted(path.name for path, taken in zip(paths, better, strict=True) if taken))
    return Coding(codec, quality, factors[below], names, round(reached, 6))


def _nearest(gains: Rates, wanted: float) -> NDArray[np.bool_]:
    """Which of the gains add up nearest to what is wanted, as `match_rate` says."""
    order = np.random.default_rng(0).permutation(len(gains))
    last = int(np.abs(np.append(0.0, gains[order].cumsum()) - wanted).argmin())
    start = max(0, min(last - _FREE // 2, len(gains) - _FREE))
    taken, free = order[:start], order[start : start + _FREE]
    subsets = np.arange(1 << len(free))[:, None] >> np.arange(len(free)) & 1
    best = subsets[np.abs(gains[taken].sum() + subsets @ gains[free] - wanted).argmin()]
    better = np.zeros(len(gains), bool)
    better[taken], better[free] = True, best
    return better
