"""Replication padding that keeps channels_last: torch's own goes by way of NCHW, a third of a training step."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def replication_pad(batch: Tensor, width: int = 1) -> Tensor:
    """(N, C, H, W) -> (N, C, H + 2 width, W + 2 width), the border pixels repeated: `F.pad(..., mode="replicate")`."""
    if torch.compiler.is_compiling():  # which fuses this, and its gradient, into what comes before
        rows = torch.cat((*[batch[:, :, :1]] * width, batch, *[batch[:, :, -1:]] * width), dim=2)
        return torch.cat((*[rows[..., :1]] * width, rows, *[rows[..., -1:]] * width), dim=3)
    if batch.requires_grad and torch.is_grad_enabled():
        padded: Tensor = _ReplicationPad.apply(batch, width)  # type: ignore[no-untyped-call]
        return padded
    return F.pad(batch, (width, width, width, width), mode="replicate")


class _ReplicationPad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, batch: Tensor, width: int = 1) -> Tensor:
        ctx.width = p = width
        n, c, h, w = batch.shape
        padded = torch.empty(
            (n, c, h + 2 * p, w + 2 * p), dtype=batch.dtype, device=batch.device, memory_format=torch.channels_last
        )
        padded[:, :, p:-p, p:-p] = batch
        padded[:, :, :p, p:-p] = batch[:, :, :1]
        padded[:, :, -p:, p:-p] = batch[:, :, -1:]
        padded[..., :p] = padded[..., p : p + 1]
        padded[..., -p:] = padded[..., -p - 1 : -p]
        return padded

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (padded,) = gradients
        p = ctx.width
        inner = padded[:, :, p:-p, p:-p].clone(memory_format=torch.channels_last)
        # Each border pixel also fed its copies: those across every edge, and the square of them at every corner.
        for edge, copies in ((0, slice(p)), (-1, slice(-p, None))):
            inner[:, :, edge, :] += padded[:, :, copies, p:-p].sum(dim=2)
            inner[:, :, :, edge] += padded[:, :, p:-p, copies].sum(dim=3)
            for corner, others in ((0, slice(p)), (-1, slice(-p, None))):
                inner[:, :, edge, corner] += padded[:, :, copies, others].sum(dim=(2, 3))
        return inner, None
