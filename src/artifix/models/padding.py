"""Replication padding that keeps channels_last: torch's own goes by way of NCHW, a third of a training step."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def replication_pad(batch: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, H + 2, W + 2), the border pixels repeated; equals `F.pad(..., mode="replicate")`."""
    if torch.compiler.is_compiling():  # which fuses this, and its gradient, into what comes before
        rows = torch.cat((batch[:, :, :1], batch, batch[:, :, -1:]), dim=2)
        return torch.cat((rows[..., :1], rows, rows[..., -1:]), dim=3)
    if batch.requires_grad and torch.is_grad_enabled():
        padded: Tensor = _ReplicationPad.apply(batch)  # type: ignore[no-untyped-call]
        return padded
    return F.pad(batch, (1, 1, 1, 1), mode="replicate")


class _ReplicationPad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, batch: Tensor) -> Tensor:
        n, c, h, w = batch.shape
        padded = torch.empty(
            (n, c, h + 2, w + 2), dtype=batch.dtype, device=batch.device, memory_format=torch.channels_last
        )
        padded[:, :, 1:-1, 1:-1] = batch
        padded[:, :, 0, 1:-1] = batch[:, :, 0]
        padded[:, :, -1, 1:-1] = batch[:, :, -1]
        padded[:, :, :, 0] = padded[:, :, :, 1]
        padded[:, :, :, -1] = padded[:, :, :, -2]
        return padded

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (padded,) = gradients
        inner = padded[:, :, 1:-1, 1:-1].clone(memory_format=torch.channels_last)
        # Each border pixel also fed its copies: one across every edge, and the one diagonal to every corner.
        for edge in (0, -1):
            inner[:, :, edge, :] += padded[:, :, edge, 1:-1]
            inner[:, :, :, edge] += padded[:, :, 1:-1, edge]
            for corner in (0, -1):
                inner[:, :, edge, corner] += padded[:, :, edge, corner]
        return inner
