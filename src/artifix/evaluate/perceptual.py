"""Further figures: perceptual ones, each there where its package or its weights are, and two of what is seen."""

import io
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.color import luma
from artifix.errors import ModelError
from artifix.evaluate.texture import mosquito, texture

Pixels = NDArray[np.uint8]
Metric = Callable[[Pixels, Pixels], float]

PERCEPTUAL: Final = ("ssimulacra2", "lpips", "vgg19", "texture", "mosquito")
VGG_LAYER: Final = "conv3_4"  # the deepest that a file cut short for training has; torchvision's has it, too


class MetricUnavailableError(Exception):
    """A metric whose package or weights are not here; its text says what is missing."""


def load_perceptual(name: str, vgg: Path | None = None) -> Metric:
    """A metric of `PERCEPTUAL` as a function of (restored, target), uint8 grey (H, W) or RGB (H, W, 3).

    `ssimulacra2`: at most 100, higher is better, made for compression (Sneyers 2023; the PyPI package of that name).
    `lpips`: from 0, lower is better (Zhang et al. 2018, AlexNet; torchmetrics, with torchvision's weights).
    `vgg19`: from 0, lower is better: how far apart the features at conv3_4 are, as the perceptual loss has it (torch;
    `vgg` is its file, None torchvision's).
    `texture`, `mosquito`: see `artifix.evaluate.texture`; of a colour picture, of its luma.
    MetricUnavailableError if its package or weights are missing, ModelError for a `vgg` that is none, ValueError for
    another name.
    """
    loaders: dict[str, Callable[[], Metric]] = {
        "ssimulacra2": _ssimulacra2,
        "lpips": _lpips,
        "vgg19": partial(_vgg19, vgg),
        "texture": partial(_of_luma, texture),
        "mosquito": partial(_of_luma, mosquito),
    }
    if name not in loaders:
        raise ValueError(f"unknown metric {name!r}, expected one of {', '.join(PERCEPTUAL)}")
    try:
        return loaders[name]()
    except ImportError as error:
        raise MetricUnavailableError(f"not installed ({error})") from error
    except OSError as error:
        raise MetricUnavailableError(f"its weights are not here ({error})") from error


def _ssimulacra2() -> Metric:
    from ssimulacra2 import compute_ssimulacra2

    def metric(restored: Pixels, target: Pixels) -> float:
        return float(compute_ssimulacra2(_file(target), _file(restored)))

    return metric


def _file(image: Pixels) -> io.BytesIO:
    """The image as a file, which is all the package takes; BMP is the quickest lossless one."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "BMP")
    return file


def _lpips() -> Metric:
    import torch
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity  # type: ignore[import-not-found]

    network = LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True)
    lock = threading.Lock()  # it gathers a running mean on the side

    def batch(image: Pixels) -> torch.Tensor:
        rgb = np.broadcast_to(image[..., None], (*image.shape, 3)) if image.ndim == 2 else image
        return torch.from_numpy(rgb.transpose(2, 0, 1)[None] / np.float32(255))

    def metric(restored: Pixels, target: Pixels) -> float:
        with lock, torch.inference_mode():
            return float(network(batch(restored), batch(target)))

    return metric


def _vgg19(file: Path | None) -> Metric:
    from artifix.train.perceptual import distance, load_perceptual_loss

    try:
        network = load_perceptual_loss(file, {VGG_LAYER: 1.0})
    except ModelError as error:
        if file is not None:
            raise
        raise MetricUnavailableError(str(error)) from error
    return partial(distance, network)


def _of_luma(metric: Metric) -> Metric:
    def of_luma(restored: Pixels, target: Pixels) -> float:
        return metric(restored, target) if target.ndim == 2 else metric(luma(restored), luma(target))

    return of_luma
