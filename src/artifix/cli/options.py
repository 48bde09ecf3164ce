"""Options that several commands share."""

import math
from enum import StrEnum
from typing import Annotated

import typer


class Engine(StrEnum):
    """The runtime of the network."""

    auto = "auto"
    openvino = "openvino"
    onnxruntime = "onnxruntime"
    torch = "torch"


class Precision(StrEnum):
    """The arithmetic of the network."""

    auto = "auto"
    float = "float"
    fp32 = "fp32"
    bf16 = "bf16"
    int8 = "int8"


class EnginePool(StrEnum):
    """What runs the workers that restore a folder together."""

    processes = "processes"
    ray = "ray"


class VideoCodec(StrEnum):
    """The codec of a restored video."""

    h264 = "h264"
    hevc = "hevc"
    ffv1 = "ffv1"


def complete_model(incomplete: str) -> list[str]:
    """The named models that begin like this, for the shell's completion."""
    from artifix.models.catalog import model_names

    return [name for name in model_names() if name.startswith(incomplete)]


def complete_recipe(incomplete: str) -> list[str]:
    """The named recipes that begin like this, for the shell's completion."""
    from artifix.train.recipes import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


def number(value: float) -> float:
    """The number itself; BadParameter for nan, which is neither below nor above any limit."""
    if math.isnan(value):
        raise typer.BadParameter("nan is not a number")
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
MaxPixels = Annotated[
    int,
    typer.Option(min=1, help="Refuse pictures with more pixels than this (default: 500 million).", show_default=False),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
Quality = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="Quality of the output encoder (default: 95 for JPEG, lossless for WebP)."),
]
ShippedModel = Annotated[
    str,
    typer.Option(help="Name of a shipped model, or a .safetensors file.", autocompletion=complete_model),
]
