"""The models that ship with artifix, by name, and where a model file is found."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

from artifix.errors import ModelError

DEFAULT: Final = "mse"
VIVID: Final = "gan"  # what `detail` leads to

# Name -> SHA-256 of models/weights/NAME.onnx, checked at every load.
MODELS: Final[dict[str, str]] = {
    "mse": "240e8340bed4b88b0b1c572a6ff80ee1ac2258a0b99052b8b9a1c2d6297211ec",
    "mse-y": "94487f4565222f332666fba9e6c370fd5c3cf77daf6e649027f1cf6ffbe09f62",
    "ssim-y": "f9d18dc8b62bb8382b7809d3571a9a06d67079395f5c8921735feb2ad33b63d9",
}

# Pillow's name of a lossy format -> the model for it, where it is another than the default and is shipped.
_FOR_FORMAT: Final[dict[str, str]] = {"WEBP": "mse-any", "AVIF": "mse-any", "JPEG2000": "mse-any"}


def model_for(format: str, lossy: bool) -> str:
    """The shipped model for files of a format, by Pillow's name; what lost nothing may yet have been a JPEG."""
    model = _FOR_FORMAT.get(format, DEFAULT) if lossy else DEFAULT
    return model if model in MODELS else DEFAULT


def read_model(model: str | Path) -> bytes:
    """The ONNX file of a shipped model by name, or of any path; ModelError if there is none or it was altered."""
    if str(model) in MODELS:
        data = (resources.files("artifix.models") / "weights" / f"{model}.onnx").read_bytes()
        if hashlib.sha256(data).hexdigest() != MODELS[str(model)]:
            raise ModelError(f"{model}: the shipped weights were altered, please install artifix again")
        return data
    path = Path(model)
    if path.suffix != ".onnx":
        raise ModelError(f"{model}: no such model; known are {', '.join(MODELS)}, or the path of an .onnx file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
