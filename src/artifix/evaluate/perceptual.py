"""Perceptual metrics, each there where its package or its weights are."""

import io
import threading
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.errors import ModelError
from artifix.evaluate.registry import Compare, MetricUnavailableError

Pixels = NDArray[np.uint8]

VGG_LAYER: Final = "conv3_4"  # the deepest that a file cut short for training has; torchvision's has it, too


def load_ssimulacra2(vgg: Path | None = None) -> Compare:
    """SSIMULACRA 2: at most 100, made for compression (Sneyers 2023; the PyPI package of that name)."""
    from ssimulacra2 import compute_ssimulacra2

    def metric(restored: Pixels, target: Pixels) -> float:
        return float(compute_ssimulacra2(_file(target), _file(restored)))

    return metric


def _file(image: Pixels) -> io.BytesIO:
    """The image as a file, which is all the package takes; BMP is the quickest lossless one."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "BMP")
    return file


def load_lpips(vgg: Path | None = None) -> Compare:
    """LPIPS: from 0 (Zhang et al. 2018, AlexNet; torchmetrics, with torchvision's weights)."""
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


def load_vgg19(vgg: Path | None = None) -> Compare:
    """The distance between VGG19's features at conv3_4, from 0, as the perceptual loss has it."""
    from artifix.train.perceptual import distance, load_perceptual_loss

    try:
        network = load_perceptual_loss(vgg, {VGG_LAYER: 1.0})
    except ModelError as error:
        if vgg is not None:
            raise
        raise MetricUnavailableError(str(error)) from error
    return partial(distance, network)
