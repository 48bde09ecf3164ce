"""The models that ship with artifix, by name, and where a model file is found."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from artifix.errors import ModelError
from artifix.models.card import ModelCard
from artifix.models.model import SUFFIX, Model, model_from_bytes

DEFAULT: Final = "mse"
VIVID: Final = "gan"  # what `detail` leads to
BLENDED: Final = "mse"  # what `detail` leads from unless a model is named: the faithful one of the vivid one's form
_LARGEST: Final = 128 << 20  # bytes of a model's file

# Name -> SHA-256 of models/weights/NAME.safetensors, checked at every load.
MODELS: Final[dict[str, str]] = {
    "mse": "0276255e91465365da345a6c752c6826e07986c56fb571bd217d7c16b4058ccd",
    "fast": "a3ea489b1b6ee1272c5f61df4190c9ed03aa8e29e1e0e29f63b384324f793719",
    "gan": "6ae7b9ca8c3a43417508d965d52cca107fa0eeedf4d6fe2910c2e836495b242a",
    "ssim": "9ae2cef4043f47b5fb39aa11345fc8e0e8ab9f585d2f63d67a9dabd291c36223",
    "mse-video": "963c0fda109a9cea6196dc54a866305215b46e77c80a5b25c31c3a5231d6a8bc",
    "mse-y": "605681785f31fbf183197f52564c03887bf12722b80e684b818b8f473e372de0",
    "ssim-y": "90cbebd0f690756de047adbd42f15b6863f3471ec2e8f38a2d3f3d5224cad4ec",
    "gan-y": "de8007e8fd00fa7223c97f78b70e3ec07ccceb6f2ad908dedf6c72066b0fdcd7",
    "ar-cnn": "ccd39a282ae723268de335a339760d6b5c59597ac8b627a9971cae105742d030",
    "ar-cnn-10": "a4fad40b44ca18726c6cf9059914de4b277de0282f7c56924e7ca5853ff2b0dd",
    "l4": "3743eb374257b051972a6383756e277081d7f88368b14b37ab69427e5bdbf169",
    "l8": "cca0fe62e663502ae583c1ae55d833a8390306ed43e4a0f69d00b5d2f03202d4",
}

# A lossy format, by Pillow's name, or a video's codec, by FFmpeg's -> the model for it, where it is another than the
# default and is shipped.
_FOR_FORMAT: Final[dict[str, str]] = {
    "WEBP": "mse-any",
    "AVIF": "mse-any",
    "JPEG2000": "mse-any",
    "h264": "mse-video",
    "hevc": "mse-video",
}

# A model -> its companion for coarse JPEGs, of the same network: AR-CNN's authors trained one for each quality.
_FOR_COARSE: Final[dict[str, str]] = {"ar-cnn": "ar-cnn-10"}
_COARSE: Final = 170  # the mean quantisation step of luma from which a JPEG is coarse: libjpeg's quality 14


def model_for(format: str, lossy: bool) -> str:
    """The shipped model for a picture's format or a video's codec; what lost nothing may yet have been a JPEG."""
    model = _FOR_FORMAT.get(format, DEFAULT) if lossy else DEFAULT
    return model if model in MODELS else DEFAULT


def model_for_tables(model: str, tables: Sequence[Sequence[int]] | None) -> str:
    """The model itself, or where it has one, its companion for the JPEGs of such quantisation tables (luma's first)."""
    coarse = tables is not None and sum(tables[0]) >= _COARSE * len(tables[0])
    return _FOR_COARSE.get(model, model) if coarse else model


def models_of(model: str) -> tuple[str, ...]:
    """All the models that `model_for_tables` may name for this one, itself first."""
    return (model, _FOR_COARSE[model]) if model in _FOR_COARSE else (model,)


def read_model(model: str | Path) -> Model:
    """A shipped model by name, or that in a .safetensors file.

    ModelError, one line, if there is none, a shipped one was altered, or another is not one of ours.
    """
    if str(model) in MODELS:
        data = (resources.files("artifix.models") / "weights" / f"{model}{SUFFIX}").read_bytes()
        if hashlib.sha256(data).hexdigest() != MODELS[str(model)]:
            raise ModelError(f"{model}: the shipped weights were altered, please install artifix again")
        return model_from_bytes(data)
    path = Path(model)
    if path.suffix == ".onnx":
        raise ModelError(f"{model}: artifix models are {SUFFIX} files; `artifix export` writes them")
    if path.suffix != SUFFIX:
        raise ModelError(f"{model}: no such model; known are {', '.join(MODELS)}, or the path of a {SUFFIX} file")
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    try:
        if len(data) > _LARGEST:
            raise ModelError(f"not an artifix model: it is larger than {_LARGEST >> 20} MiB")
        return model_from_bytes(data)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def read_card(model: str | Path) -> ModelCard:
    """The card of a shipped model, or of a .safetensors file; ModelError as in `read_model`."""
    return read_model(model).card
