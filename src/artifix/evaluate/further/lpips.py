"""LPIPS: from 0, lower is better (Zhang et al. 2018, AlexNet; torchmetrics, with torchvision's weights)."""

import threading
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.evaluate.metric import Compare, Metric

Pixels = NDArray[np.uint8]


def load(vgg: Path | None) -> Compare:
    """The metric as a function; ImportError if torchmetrics is not installed."""
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


METRIC: Final = Metric("lpips", "LPIPS", 3, "lower", load)
