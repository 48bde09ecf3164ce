"""The node that restores a batch of images."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from artifix import Restorer
from artifix.models.catalog import MODELS


@lru_cache(maxsize=2)
def _restorer(model: str, detail: float) -> Restorer:
    return Restorer(model, detail=detail)


class RestoreCompression:
    """Removes compression artifacts: IMAGE, (N, H, W, C) floats in 0..1, to the same."""

    CATEGORY = "image/restoration"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "restore"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802, ComfyUI's own name
        """What the node shows: the images, the model and two sliders."""
        slider = {"min": 0.0, "max": 1.0, "step": 0.05}
        return {
            "required": {
                "image": ("IMAGE",),
                "model": (list(MODELS), {"default": "faithful"}),
                "strength": ("FLOAT", {"default": 1.0} | slider),
                "detail": (
                    "FLOAT",
                    {"default": 0.0, "tooltip": "0: faithful; above 0: towards gan, with mse only"} | slider,
                ),
            }
        }

    def restore(self, image: Tensor, model: str, strength: float, detail: float) -> tuple[Tensor]:
        """The restored images, blended with the given ones by `strength`."""
        if not len(image):
            return (image,)
        restorer = _restorer(model, detail)
        given = image.detach().float().cpu().nan_to_num(0.0).clamp(0, 1)  # samplers overflow to NaN in half precision
        restored = torch.stack([restorer.restore_image(one.movedim(-1, 0)).movedim(0, -1) for one in given])
        return ((given + strength * (restored - given)).to(image.device, image.dtype),)
