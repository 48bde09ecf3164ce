"""`artifix average`: the mean of two models' weights."""

from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import Overwrite, complete_model
from artifix.cli.train import in_words

_HELP = "Name of a shipped model, or a .safetensors file"


def average(
    first: Annotated[str, typer.Argument(metavar="FIRST", help=f"{_HELP}.", autocompletion=complete_model)],
    second: Annotated[str, typer.Argument(metavar="SECOND", help=f"{_HELP} that was trained on from FIRST.")],
    data: Annotated[list[Path], typer.Option(help="Folder of pictures, as for training; may be repeated.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The output model, a .safetensors file.")],
    share: Annotated[
        list[float] | None,
        typer.Option(min=0, max=1, help="Share of SECOND to try; may be repeated (default: 0, 0.25, 0.5, 0.75, 1)."),
    ] = None,
    origin: Annotated[str, typer.Option(help="For the model card: the training data of both.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Write the mean of two models' weights that gains most on pictures held out from training."""
    from artifix.train.average import SHARES, average_models

    best, card = average_models(
        first,
        second,
        data,
        output,
        shares=share or SHARES,
        origin=origin,
        overwrite=overwrite,
        report=lambda share, gains: typer.echo(f"{share:g} of {second}: {in_words(gains)}", err=True),
    )
    typer.echo(f"{output}: {best:g} of {second}; {in_words(card.figures)}")
