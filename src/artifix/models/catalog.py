"""The models that ship with artifix, by name, and where a model file is found."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from artifix.errors import ModelError
from artifix.models.screening import screen

DEFAULT: Final = "mse"
VIVID: Final = "gan"  # what `detail` leads to
_LARGEST: Final = 256 << 20  # bytes of a model's file

# Name -> SHA-256 of models/weights/NAME.onnx, checked at every load.
MODELS: Final[dict[str, str]] = {
    "mse": "a84e9f271df1b538201d3e14e1c0a6ebceb53cc846a5d2197f142c5db776275d",
    "fast": "4c3be7327cf72e1306d7f403a5afeaa5a5f2546b9ba7f76fa17eef03531896dc",
    "gan": "45f87cfd97f4cd40ebda21c142ca0679a79c239db1fd4a1faecb6fee7a2a5477",
    "ssim": "866dd144c3e15eea59c718de227c89a37d33d9f6c0c3372301743cf635495089",
    "mse-video": "3e07194d5a7a446432a9372f1625374b14ab2defb989e1c96e2469f6e7ba418c",
    "mse-y": "d81f7160302258f57c1f30cf00c0048c4ecb09580a8af2cc1073e165f0367240",
    "ssim-y": "a38fda520ea7491aa2041cf8cd795d9ccd711631603ff0a4b560e0551bf2dd83",
    "gan-y": "4ce58b385e22ea68a233919ef4be54efce32b7bcc182e1305302e0e5b456f7a6",
    "ar-cnn": "746787087ff9ca5ef3b17f896cdb787f235b433f9ced14c8f429055a5eec3bbf",
    "ar-cnn-10": "6f5792891f66ee5161011979eeab1491cf4816485df472c809a0f5a3654c0a72",
    "l4": "0ef55e5a36e62a40f09394317d4fab9c4ab2954d7d3d3bb9c87c1ee1e01cd97f",
    "l8": "b12b7c8d5352759c1280be8a15acb43670f43bc8b2866181ffca466053a20ab4",
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


def read_model(model: str | Path) -> bytes:
    """The ONNX file of a shipped model by name, or of any path.

    ModelError if there is none, a shipped one was altered, or another is larger or holds more than any of ours.
    """
    if str(model) in MODELS:
        data = (resources.files("artifix.models") / "weights" / f"{model}.onnx").read_bytes()
        if hashlib.sha256(data).hexdigest() != MODELS[str(model)]:
            raise ModelError(f"{model}: the shipped weights were altered, please install artifix again")
        return data
    path = Path(model)
    if path.suffix != ".onnx":
        raise ModelError(f"{model}: no such model; known are {', '.join(MODELS)}, or the path of an .onnx file")
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    if len(data) > _LARGEST:
        raise ModelError(f"{path}: not an artifix model: it is larger than {_LARGEST >> 20} MiB")
    try:
        screen(data)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return data
