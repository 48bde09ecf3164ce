"""Which arithmetic training takes: bfloat16 where the device is quicker at it, else float32; or as it is told."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Final, Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]
Cast = Callable[[], AbstractContextManager[object]]

PRECISIONS: Final = ("auto", "fp32", "bf16")


def casting(device: str | torch.device, precision: Precision = "auto") -> Cast:
    """A source of contexts for a forward pass: bfloat16 autocast, or none in float32.

    `auto` is bfloat16 on a GPU, and on a processor only where it has the instructions, without which a step takes far
    longer.
    """
    kind = torch.device(device).type
    if precision == "bf16" or (precision == "auto" and (kind != "cpu" or has_bfloat16())):
        return partial(torch.autocast, kind, torch.bfloat16)
    return nullcontext


def has_bfloat16() -> bool:
    """Whether the processor has instructions for it."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
