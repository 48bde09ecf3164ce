"""`artifix inspect`: what pictures and their files reveal of their compression."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.errors import complain
from artifix.cli.options import Json, MaxPixels
from artifix.errors import ArtifixError
from artifix.printable import printable


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures.")],
    max_pixels: MaxPixels = 500_000_000,
    as_json: Json = False,
) -> None:
    """Report JPEG quality, subsampling and block grid."""
    from artifix.image import decoding_in_children
    from artifix.inspection import inspect as inspect_file

    failed = False
    for file in files:
        try:
            with decoding_in_children():
                found = inspect_file(file, max_pixels=max_pixels)
        except ArtifixError as error:
            failed = True
            complain(error)
        except MemoryError:
            failed = True
            complain(f"{file}: out of memory")
        else:
            fields = {"file": str(file)} | dataclasses.asdict(found)
            typer.echo(json.dumps(fields) if as_json else printable(f"{file}: {found.summary}"))
    if failed:
        raise typer.Exit(1)
