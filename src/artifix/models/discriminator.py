"""The paper's discriminator of targets and restored patches (Galteri et al. 2017, section 3.3.1 and Figure 3)."""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from artifix.models.layers import SLOPE

SUB_PATCH: Final = 16  # pixels; what seven 3x3 convolutions and one of 2x2 without padding take to a single value
FULL_PATCH: Final = 53  # pixels that one verdict sees with strides, and so the smallest full patch
_WIDTHS: Final = (1, 1, 2, 2, 4, 4, 8)  # in units of `features`: doubled every two layers


class Discriminator(nn.Module):
    """Candidate and degraded batches (N, C, H, W) in [-1, 1] -> logits, above 0 where the candidate seems a target.

    The candidate, a target or a restored batch, is classified together with its degraded one: 2C channels. Each patch
    is partitioned into sub-patches of 16x16, each with a logit of its own: (N H/16 W/16,), patch after patch; H and W
    are multiples of 16. `full_patch` classifies each patch as a whole instead: the same layers without the partition,
    every second of stride 2 so that each verdict rests on 53x53 pixels, and their mean over the patch: (N,). The
    sigmoid lives in the loss.
    """

    def __init__(self, channels: int, features: int = 32, full_patch: bool = False) -> None:
        super().__init__()
        self.full_patch = full_patch
        widths = (2 * channels, *(features * width for width in _WIDTHS))
        strides = [2 if full_patch and layer % 2 else 1 for layer in range(len(_WIDTHS))]
        self.body = nn.Sequential()
        for (inputs, outputs), stride in zip(pairwise(widths), strides, strict=True):
            layer = nn.Conv2d(inputs, outputs, 3, stride)
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            self.body.append(layer).append(nn.LeakyReLU(SLOPE))
        self.verdict = nn.Conv2d(widths[-1], 1, 2)

    def forward(self, candidate: Tensor, degraded: Tensor) -> Tensor:
        maps = torch.cat((candidate, degraded), dim=1)
        if not self.full_patch:
            maps = partition(maps)
        return self.verdict(self.body(maps)).mean(dim=(1, 2, 3))


def partition(batch: Tensor) -> Tensor:
    """(N, C, H, W) -> (N H/16 W/16, C, 16, 16), channels_last: the sub-patches of each patch, row by row."""
    n, c, h, w = batch.shape
    tiles = batch.reshape(n, c, h // SUB_PATCH, SUB_PATCH, w // SUB_PATCH, SUB_PATCH).permute(0, 2, 4, 1, 3, 5)
    return tiles.reshape(-1, c, SUB_PATCH, SUB_PATCH).contiguous(memory_format=torch.channels_last)
