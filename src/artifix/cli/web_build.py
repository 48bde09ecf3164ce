"""`artifix web-build`: the page as a folder for a static host."""

from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import complete_model


def web_build(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a shipped model, or a .safetensors file; may be repeated, the first is the default"
            " (default: fast).",
            autocompletion=complete_model,
        ),
    ] = None,
    onnxruntime: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of the npm package onnxruntime-web (default: fetched by npm)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder of an earlier build.")] = False,
) -> None:
    """Build a static web page that restores pictures in the browser.

    The folder can be put on any static host. Pictures never leave the browser, and the page works offline once it has
    been loaded. To try it: artifix web-build page && python -m http.server -d page
    """
    from artifix.web.build import build

    size = build(folder, model or ["fast"], runtime=onnxruntime, overwrite=overwrite)
    typer.echo(f"{folder}: {size / 1e6:,.0f} MB")
