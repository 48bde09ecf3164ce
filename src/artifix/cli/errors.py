"""What goes wrong, as one line on standard error."""

from typing import Any, Final

import typer

from artifix.errors import needs_extra
from artifix.printable import printable

_EXTRAS: Final = {
    "av": "video",
    "fastapi": "web",
    "fsspec": "pool",
    "matplotlib": "evaluate",
    "msgspec": "train",
    "multipart": "web",
    "numba": "peers",
    "onnx": "onnxruntime",
    "onnxruntime": "onnxruntime",
    "pillow_heif": "heif",
    "pillow_jxl": "jxl",
    "pyarrow": "pool",
    "ray": "ray",
    "safetensors": "train",
    "scipy": "study",
    "ssimulacra2": "evaluate",
    "starlette": "web",
    "tensorboard": "train",
    "torch": "train",
    "uvicorn": "web",
}
"""An optional package, by the name it is imported under -> the extra that installs it."""


def complain(error: Any) -> None:
    """Print the one line that a user reads."""
    typer.echo(f"artifix: {printable(str(error))}", err=True)


def missing(error: ModuleNotFoundError) -> str:
    """The line for a package that is not installed: which extra brings it, and how to install that."""
    package = (error.name or "").split(".")[0]
    if package in _EXTRAS:
        return needs_extra("this command", _EXTRAS[package], error)
    return f"{error}; pip install {package}"
