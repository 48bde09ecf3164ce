"""Restore one image, without a `Restorer` to keep."""

from pathlib import Path
from typing import Any, overload

from PIL import Image

from artifix.restoration.kinds import ArrayT, Encoded, TensorT
from artifix.restoration.restorer import Restorer

Model = str | Path


@overload
def restore(image: ArrayT, model: Model | None = ..., strength: float = ..., detail: float = ...) -> ArrayT: ...
@overload
def restore(
    image: Image.Image, model: Model | None = ..., strength: float = ..., detail: float = ...
) -> Image.Image: ...
@overload
def restore(image: Encoded, model: Model | None = ..., strength: float = ..., detail: float = ...) -> bytes: ...
@overload
def restore(image: TensorT, model: Model | None = ..., strength: float = ..., detail: float = ...) -> TensorT: ...
def restore(image: Any, model: Model | None = None, strength: float = 1.0, detail: float = 0.0) -> Any:
    """Restore one image and return it as the same kind; arrays are in RGB order, not BGR.

    The same as `Restorer(model, strength=strength, detail=detail).restore_image(image)`, which says what is taken. Make
    a `Restorer` once to restore many images: it loads the model only once.
    """
    return Restorer(model, strength=strength, detail=detail).restore_image(image)
