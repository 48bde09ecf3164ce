"""`artifix export`: write a model in the form that a program loads."""

from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import Overwrite, complete_model
from artifix.cli.train import in_words


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Name of a shipped model, a .safetensors file, or the folder of a run or of one of its checkpoints.",
            autocompletion=complete_model,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The output model: .safetensors, or .onnx for other programs.")
    ],
    rgb: Annotated[
        bool, typer.Option("--rgb", help="Write an .onnx file that maps RGB in 0..1 of any size to the same.")
    ] = False,
    spandrel: Annotated[
        bool, typer.Option("--spandrel", help="Write a .safetensors file for the loader in integrations/spandrel.")
    ] = False,
    summary: Annotated[str, typer.Option(help="For a checkpoint's model card: its purpose.")] = "",
    data: Annotated[str, typer.Option(help="For a checkpoint's model card: its training data.")] = "",
    failures: Annotated[str, typer.Option(help="For a checkpoint's model card: known failures.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Convert a model or a checkpoint into a file for `restore --model` or for other programs.

    Examples: artifix export runs/mine -o mine.safetensors; artifix export fast -o fast.onnx --rgb
    """
    from artifix.engines.export import write_model
    from artifix.models.catalog import is_named, read_model

    if Path(model).is_dir() and not is_named(model):
        from artifix.train.export import export as export_checkpoint

        about = {"summary": summary, "data": data, "failures": failures}
        card = export_checkpoint(Path(model), output, rgb=rgb, spandrel=spandrel, overwrite=overwrite, **about)
    else:
        read = read_model(model)
        if summary or data or failures:
            raise typer.BadParameter("--summary, --data and --failures are for checkpoints; a model has its card")
        write_model(read, output, rgb=rgb, spandrel=spandrel, overwrite=overwrite)
        card = read.card
    typer.echo(f"{output}: {card.name}, {card.steps:,} steps, {in_words(card.figures)}")
