"""Which arithmetic training takes: bfloat16 where the device is quicker at it, else float32."""

from contextlib import AbstractContextManager, nullcontext

import torch


def autocast(device: str | torch.device) -> AbstractContextManager[object]:
    """bfloat16 autocast; on a processor only where it has the instructions, without which a step takes far longer."""
    kind = torch.device(device).type
    quick = kind != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(kind, torch.bfloat16) if quick else nullcontext()
