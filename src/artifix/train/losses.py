"""The generator's losses (Galteri et al. 2017, section 3.2), each a function of restored and target batches."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import torch.nn.functional as F
from torch import Tensor

from artifix.train.recipe import LossRecipe

_WINDOW: Final = 8  # pixels; Wang et al. 2004's uniform window, as Table 1 is measured
_RANGE: Final = 2.0  # of batches in [-1, 1]


def mse_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean squared error (Eq. 4), of batches (N, C, H, W)."""
    return F.mse_loss(restored, target)


def l1_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error, of batches (N, C, H, W)."""
    return F.l1_loss(restored, target)


def ssim_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Minus the mean SSIM (Eqs. 5 and 6) of batches (N, C, H, W) in [-1, 1], H and W at least 8: -1 when equal.

    Uniform 8x8 windows at valid positions, each channel by itself, in float32: variances cancel in less.
    """
    restored, target = restored.float() + 1, target.float() + 1  # black is 0, as the formula takes it
    c1, c2 = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2
    mean_r, mean_t = _local_mean(restored), _local_mean(target)
    var_r = _local_mean(restored * restored) - mean_r**2
    var_t = _local_mean(target * target) - mean_t**2
    covariance = _local_mean(restored * target) - mean_r * mean_t
    luminance = (2 * mean_r * mean_t + c1) / (mean_r**2 + mean_t**2 + c1)
    structure = (2 * covariance + c2) / (var_r + var_t + c2)
    return -(luminance * structure).mean()


def _local_mean(batch: Tensor) -> Tensor:
    return F.avg_pool2d(batch, _WINDOW, stride=1)


Loss = Callable[[Tensor, Tensor], Tensor]
LOSSES: Final[dict[str, Loss]] = {"mse": mse_loss, "l1": l1_loss, "ssim": ssim_loss}


def generator_losses(restored: Tensor, target: Tensor, weights: LossRecipe) -> dict[str, Tensor]:
    """Each term of the recipe's weighted sum, already weighted; the loss is their sum."""
    return {name: weight * LOSSES[name](restored, target) for name, weight in asdict(weights).items() if weight}
