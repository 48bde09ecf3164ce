"""Options that several commands share."""

import math
from typing import Annotated

import typer


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
