"""Pictures kept from training, to choose weights by: how much better than its coded file a restored picture is.

Fidelity is measured by PSNR and, if VGG19 is there, looks by the perceptual distance, for which an adversarial run is
made.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from artifix.color import from_batch, luma, to_batch, ycbcr_to_rgb
from artifix.models.known import NOTHING, Known
from artifix.train.checkpoint import Learner
from artifix.train.clips import film_pair
from artifix.train.mixed import codecs_at_hand, coded_ycbcr
from artifix.train.patches import known_of, with_channels
from artifix.train.perceptual import PerceptualLoss, distance

Pixels = NDArray[np.uint8]

PREFIX: Final = "held_out/gain_"  # of a figure's name in the log, the quality behind it, before that the codec
QUALITIES: Final = (10, 20, 40, 80, 90, 95)
MIXED_QUALITIES: Final = (10, 40)  # instead, of each of the codecs that are mixed
CRFS: Final = (38, 32, 26, 20)  # instead, where films are learned from
DISTANCE_PREFIX: Final = "held_out/perceptual_"
_JUDGED: Final = 2  # of them, the worst, where looks differ most; VGG19 costs as much as the generator
_SHOWN: Final = 4  # of them, in a strip
_SIDE: Final = 192  # of the crop taken from the middle of each picture, pixels


class HeldOut:
    """The middle of each held-out picture at each of `QUALITIES`, coded once and restored whenever asked.

    `codec` is the recipe's; for "any" each installed codec, at the bits of each of `MIXED_QUALITIES`; for "video" it is
    a frame of a film of the picture at each of `CRFS`.
    """

    def __init__(
        self, pictures: list[Pixels], channels: int, perceptual: PerceptualLoss | None = None, codec: str = "jpeg"
    ) -> None:
        self.channels, self.perceptual = channels, perceptual
        self.targets: list[Pixels]
        self.degraded: dict[str, list[NDArray[Any]]]
        if codec == "video":
            films = {crf: [film_pair(picture, _SIDE, crf) for picture in pictures] for crf in CRFS}
            self.targets = [target for target, _ in films[CRFS[0]]]
            self.degraded = {str(crf): [degraded for _, degraded in pairs] for crf, pairs in films.items()}
            self.known = dict.fromkeys(self.degraded, NOTHING)
            return
        self.targets = [_middle(picture) if channels == 3 else luma(_middle(picture)) for picture in pictures]
        codings = {str(quality): ("jpeg", quality) for quality in QUALITIES}
        if codec == "any":
            codings = {f"{used}_{q}": (used, q) for q in MIXED_QUALITIES for used in codecs_at_hand()}
        self.degraded = {name: [coded_ycbcr(t, *coding) for t in self.targets] for name, coding in codings.items()}
        self.known = {
            name: known_of(quality, "4:2:0", channels == 3) if used == "jpeg" and codec == "jpeg" else NOTHING
            for name, (used, quality) in codings.items()
        }

    def figures(self, learner: Learner) -> dict[str, float]:
        """What the learner's average does for the held-out pictures, by codec (if several) and quality; `{}` without.

        The mean gain in PSNR over the coded picture or frame, dB, over RGB or over grey, in float32 whatever training
        takes, so that they compare between machines; and, at the first of those,
        the perceptual distance as a share of its: 1 is no better, 0 the target itself.
        """
        figures: dict[str, float] = {}
        if not self.targets:
            return figures
        for number, (name, images) in enumerate(self.degraded.items()):
            coded = [self._pixels(image) for image in images]
            restored = [self._restore(learner, image, self.known[name]) for image in images]
            figures[f"{PREFIX}{name}"] = self._mean(_psnr, restored) - self._mean(_psnr, coded)
            if self.perceptual and number < _JUDGED:
                apart = partial(distance, self.perceptual)
                figures[f"{DISTANCE_PREFIX}{name}"] = self._mean(apart, restored) / self._mean(apart, coded)
        return figures

    def _mean(self, metric: Callable[[Pixels, Pixels], float], images: list[Pixels]) -> float:
        return float(np.mean([metric(image, target) for image, target in zip(images, self.targets, strict=True)]))

    def strip(self, learner: Learner) -> Pixels:
        """Rows of degraded | restored | target, at most four, at the lowest quality; (H, W, 3) uint8, black beside."""
        name, images = next(iter(self.degraded.items()))
        degraded = images[:_SHOWN]
        rows = [
            np.concatenate([self._pixels(image), self._restore(learner, image, self.known[name]), target], axis=1)
            for image, target in zip(degraded, self.targets[:_SHOWN], strict=True)
        ]
        height, width = sum(len(row) for row in rows), max((row.shape[1] for row in rows), default=0)
        strip, top = np.zeros((max(1, height), max(1, width), 3), np.uint8), 0
        for row in rows:
            strip[top : top + len(row), : row.shape[1]] = row if row.ndim == 3 else row[..., None]
            top += len(row)
        return strip

    @torch.no_grad()
    def _restore(self, learner: Learner, image: Pixels, known: Known) -> Pixels:
        device = next(learner.network.parameters()).device
        batch = torch.from_numpy(to_batch(with_channels(image, self.channels))).to(
            device, memory_format=torch.channels_last
        )
        told = (torch.from_numpy(known.vector()[None]).to(device),) if getattr(learner.network, "known", 0) else ()
        restored = torch.func.functional_call(learner.network, learner.average, (batch, *told))
        planes = from_batch(restored.cpu().numpy())
        return self._pixels(planes if self.channels == 3 else planes[..., 0])

    def _pixels(self, planes: NDArray[np.generic]) -> Pixels:
        values: NDArray[Any] = ycbcr_to_rgb(planes) if self.channels == 3 else planes
        return np.rint(values).clip(0, 255).astype(np.uint8)


def _middle(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    top, left = max(0, height - _SIDE) // 2, max(0, width - _SIDE) // 2
    return picture[top : top + _SIDE, left : left + _SIDE]


def _psnr(image: Pixels, target: Pixels) -> float:
    error = np.mean((image.astype(np.float64) - target) ** 2)
    return float(10 * np.log10(255**2 / np.maximum(error, 1e-3)))
