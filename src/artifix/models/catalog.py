"""The models that ship with artifix and those of research, by name, and where a model file is found."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from artifix.errors import ModelError
from artifix.models.card import ModelCard
from artifix.models.model import SUFFIX, Model, model_from_bytes
from artifix.models.research import research_folder

DEFAULT: Final = "faithful"
VIVID: Final = "gan"  # what `detail` leads to
BLENDED: Final = "mse"  # what `detail` leads from unless a model is named: the faithful one of the vivid one's form
_LARGEST: Final = 128 << 20  # bytes of a model's file

# Name -> SHA-256 of models/weights/NAME.safetensors, checked at every load.
MODELS: Final[dict[str, str]] = {
    "faithful": "6c0c66228a3d035dd79694bbf82fdecd8676f3deab9fcbb49d1b1ab832cfca1a",
    "mse": "0276255e91465365da345a6c752c6826e07986c56fb571bd217d7c16b4058ccd",
    "fast": "a3ea489b1b6ee1272c5f61df4190c9ed03aa8e29e1e0e29f63b384324f793719",
    "gan": "6ae7b9ca8c3a43417508d965d52cca107fa0eeedf4d6fe2910c2e836495b242a",
    "ssim": "9ae2cef4043f47b5fb39aa11345fc8e0e8ab9f585d2f63d67a9dabd291c36223",
    "mse-video": "963c0fda109a9cea6196dc54a866305215b46e77c80a5b25c31c3a5231d6a8bc",
}

# Name -> SHA-256 of weights/NAME.safetensors of the distribution artifix-research.
RESEARCH: Final[dict[str, str]] = {
    "mse-y": "605681785f31fbf183197f52564c03887bf12722b80e684b818b8f473e372de0",
    "ssim-y": "90cbebd0f690756de047adbd42f15b6863f3471ec2e8f38a2d3f3d5224cad4ec",
    "gan-y": "de8007e8fd00fa7223c97f78b70e3ec07ccceb6f2ad908dedf6c72066b0fdcd7",
    "gan-l1": "c635b559ea10559d7887b1fd7ac66ea688f187871bac18262005bbd84ebc9912",
    "gan-full-patch": "3273a13704500f820da1e8093c59a648b5742b816cb19febc9cbb1c9d2d4adeb",
    "ar-cnn": "ccd39a282ae723268de335a339760d6b5c59597ac8b627a9971cae105742d030",
    "ar-cnn-10": "a4fad40b44ca18726c6cf9059914de4b277de0282f7c56924e7ca5853ff2b0dd",
    "l4": "3743eb374257b051972a6383756e277081d7f88368b14b37ab69427e5bdbf169",
    "l8": "cca0fe62e663502ae583c1ae55d833a8390306ed43e4a0f69d00b5d2f03202d4",
}

# A lossy format, by Pillow's name, or a video's codec, by FFmpeg's -> the model for it, where it is another than the
# default and is shipped. Of JPEG 2000, `mse` restores 0.05 dB more than the default.
_FOR_FORMAT: Final[dict[str, str]] = {
    "WEBP": "mse-any",
    "AVIF": "mse-any",
    "JPEG2000": "mse",
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


def model_names() -> list[str]:
    """The names of the shipped models, then of the research models if they are installed."""
    return [*MODELS, *(RESEARCH if research_folder("weights") else ())]


def is_named(model: str | Path) -> bool:
    """Whether this is the name of a shipped or a research model, rather than the path of a file."""
    return str(model) in MODELS or str(model) in RESEARCH


def read_model(model: str | Path) -> Model:
    """A shipped or a research model by name, or that in a .safetensors file.

    ModelError, one line, if there is none, a named one was altered, or another is not one of ours.
    """
    if is_named(model):
        return model_from_bytes(_named_bytes(str(model)))
    path = Path(model)
    if path.suffix == ".onnx":
        raise ModelError(f"{model}: artifix models are {SUFFIX} files; `artifix export` writes them")
    if path.suffix != SUFFIX:
        name = str(model).strip() or "an empty name"
        raise ModelError(
            f"{name}: no such model; choose one of {', '.join(model_names())}, or give the path of a {SUFFIX} file"
        )
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


def _named_bytes(name: str) -> bytes:
    folder: Traversable | None
    if name in MODELS:
        folder, known, owner = resources.files("artifix.models") / "weights", MODELS[name], "artifix"
    else:
        folder, known, owner = research_folder("weights"), RESEARCH[name], "artifix-research"
    if folder is None:
        raise ModelError(
            f"{name}: is a research model, which the package artifix-research holds and this installation lacks"
        )
    data = (folder / f"{name}{SUFFIX}").read_bytes()
    if hashlib.sha256(data).hexdigest() != known:
        raise ModelError(f"{name}: the weights were altered, please install {owner} again")
    return data


def read_card(model: str | Path) -> ModelCard:
    """The card of a shipped model, or of a .safetensors file; ModelError as in `read_model`."""
    return read_model(model).card
