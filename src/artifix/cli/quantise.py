"""`artifix quantise`: make a model fit for int8."""

from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import complete_model


def quantise(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Name of a shipped model, or a .safetensors file.", autocompletion=complete_model
        ),
    ],
    data: Annotated[list[Path], typer.Option(help="Folder of pictures, as for training; may be repeated.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The output model, a .safetensors file.")],
    patches: Annotated[int, typer.Option(min=1, help="Number of patches to measure on.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random patches.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
) -> None:
    """Measure activation ranges for int8 and write them into the model's card; its weights do not change."""
    from artifix.train.quantise import quantise_model

    card, skipped = quantise_model(model, data, output, patches=patches, seed=seed, overwrite=overwrite)
    for reason in skipped:
        typer.echo(f"artifix: skipped: {reason}", err=True)
    losses = ", ".join(f"{quality} {loss:+.3f} dB" for quality, loss in card.int8_loss.items())
    losses = losses or "not measured, as no patches are held out"
    typer.echo(f"{output}: {len(card.ranges)} layers; loss of int8 by JPEG quality: {losses}")
