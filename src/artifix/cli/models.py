"""`artifix models`: the models that artifix finds by name."""

import dataclasses
import json

import typer

from artifix.cli.options import Json
from artifix.cli.train import in_words


def models(as_json: Json = False) -> None:
    """List the models that ship with artifix, and the research models if they are installed, with their cards."""
    from artifix.models.catalog import model_names, read_card

    cards = [read_card(name) for name in model_names()]
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(card) for card in cards], indent=1))
        return
    for card in cards:
        typer.echo(f"{card.name}: {card.summary}")
        typer.echo(f"  {card.parameters:,} parameters, {card.macs_per_pixel:,} multiply-accumulates per pixel")
        typer.echo(f"  trained for {card.steps:,} steps on {card.data}")
        typer.echo(f"  gain on held-out pictures: {in_words(card.figures)}")
        typer.echo(f"  known failures: {card.failures}")
