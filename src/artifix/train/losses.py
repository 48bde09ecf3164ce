"""The losses (Galteri et al. 2017, sections 3.2 and 3.3); the perceptual one stands in `perceptual.py`, with VGG19."""

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from artifix.train.recipe import LossRecipe
from artifix.train.tensor_color import from_range, to_range, ycbcr_to_rgb

_WINDOW: Final = 8  # pixels; Wang et al. 2004's uniform window, as Table 1 is measured
_RANGE: Final = 2.0  # of batches in [-1, 1]
_GOOD_MSE: Final = 1e-3  # 36 dB
_GOOD_RGB_MSE: Final = 1e-4  # 46 dB: good pictures count, too
_TAUGHT_MSE: Final = 1e-5  # of a pupil's pictures against its teacher's, which lie far nearer than targets


def mse_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean squared error (Eq. 4), of batches (N, C, H, W)."""
    return F.mse_loss(restored, target)


def log_mse_loss(restored: Tensor, target: Tensor, good: float = _GOOD_MSE) -> Tensor:
    """Mean over the patches of ln(their MSE + good), of batches (N, C, H, W) in [-1, 1].

    PSNR, which is meaned over pictures, is a logarithm of MSE (Chen et al. 2022, NAFNet, train with it for that): a
    few coarse patches no longer outweigh all others. `good`, by default a PSNR of 36 dB, keeps near-perfect ones light.
    """
    errors = (restored - target).square().mean(dim=(1, 2, 3))
    return (errors + good).log().mean()


def log_mse_rgb_loss(restored: Tensor, target: Tensor, good: float = _GOOD_RGB_MSE) -> Tensor:
    """The same of YCbCr batches (N, 3, H, W), the errors taken over RGB, as pictures are seen and measured."""
    return log_mse_loss(to_range(ycbcr_to_rgb(from_range(restored))), to_range(ycbcr_to_rgb(from_range(target))), good)


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


def adversarial_loss(logits: Tensor) -> Tensor:
    """-log D(restored | degraded) (Eq. 10), meaned over sub-patches, of logits on restored patches."""
    return F.softplus(-logits).mean()


def discriminator_loss(real: Tensor, of_restored: Tensor, real_label: float = 1.0) -> Tensor:
    """-log D(target | degraded) - log(1 - D(restored | degraded)) (Eq. 7) of logits, meaned over sub-patches.

    A `real_label` below 1 is one-sided label smoothing (Salimans et al. 2016): real ones need not be more certain.
    """
    on_real = F.binary_cross_entropy_with_logits(real, torch.full_like(real, real_label))
    return on_real + F.softplus(of_restored).mean()


Loss = Callable[[Tensor, Tensor], Tensor]
PIXEL_LOSSES: Final[dict[str, Loss]] = {
    "mse": mse_loss,
    "log_mse": log_mse_loss,
    "log_mse_rgb": log_mse_rgb_loss,
    "l1": l1_loss,
    "ssim": ssim_loss,
}


def generator_losses(
    restored: Tensor,
    target: Tensor,
    weights: LossRecipe,
    perceptual: Loss | None = None,
    logits: Tensor | None = None,
    taught: Tensor | None = None,
) -> dict[str, Tensor]:
    """Each term of the recipe's weighted sum (Eq. 9 and its kin), already weighted; the loss is their sum.

    `perceptual`, the discriminator's `logits` on the restored patches and what a teacher made of the degraded ones,
    `taught`, are needed where those terms have a weight.
    """
    losses = {name: loss(restored, target) for name, loss in PIXEL_LOSSES.items() if getattr(weights, name)}
    if weights.distilled and taught is not None:
        losses["distilled"] = log_mse_loss(restored, taught, _TAUGHT_MSE)
    if weights.perceptual and perceptual is not None:
        losses["perceptual"] = perceptual(restored, target)
    if weights.adversarial and logits is not None:
        losses["adversarial"] = adversarial_loss(logits)
    return {name: getattr(weights, name) * loss for name, loss in losses.items()}
