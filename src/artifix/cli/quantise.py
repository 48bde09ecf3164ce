"""`artifix quantise`: make a model fit for int8."""

from pathlib import Path
from typing import Annotated

import typer


def quantise(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A shipped model's name, or a .safetensors file.")],
    data: Annotated[list[Path], typer.Option(help="A folder of pictures, as for training; may be repeated.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The model, a .safetensors file.")],
    patches: Annotated[int, typer.Option(min=1, help="How many to measure on.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
) -> None:
    """Measure a model's ranges into its card, so that it runs in int8; its weights stay as they are."""
    from artifix.train.quantise import quantise_model

    card, skipped = quantise_model(model, data, output, patches=patches, seed=seed, overwrite=overwrite)
    for reason in skipped:
        typer.echo(f"artifix: left out: {reason}", err=True)
    losses = ", ".join(f"{quality} {loss:+.3f} dB" for quality, loss in card.int8_loss.items())
    losses = losses or "not measured, none held out"
    typer.echo(f"{output}: {len(card.ranges)} layers; int8 costs, by quality: {losses}")
