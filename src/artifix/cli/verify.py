"""`artifix verify`: check whether a picture could be the original of a JPEG."""

import json
from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.options import Json, MaxPixels
from artifix.printable import printable


def verify(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL.jpg", help="The JPEG.")],
    restored: Annotated[Path, typer.Argument(metavar="RESTORED", help="A picture of the same size, in any format.")],
    map_path: Annotated[
        Path | None,
        typer.Option(
            "--map", help="Write a picture that marks impossible blocks in red, and those within rounding in grey."
        ),
    ] = None,
    max_pixels: MaxPixels = 500_000_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing map.")] = False,
    as_json: Json = False,
) -> None:
    """Check whether RESTORED could be the original of a JPEG that was compressed once.

    It could be if each of its DCT coefficients lies within half a quantisation step of the coefficient in the file, up
    to rounding to 8 bits. Blocks where it could not are counted, and marked by --map. The exit status is 0 if it could
    be the original, otherwise 1.
    """
    from artifix.image import decoding_in_children, read_picture, write_image
    from artifix.restoration.verify import map_of, verify_picture

    with decoding_in_children():
        jpeg = read_picture(original, max_pixels=max_pixels)
        picture = read_picture(restored, max_pixels=max_pixels, ycbcr=False, coefficients=False)
    verdict = verify_picture(original, jpeg, restored, picture)
    if map_path:
        write_image(map_path, map_of(verdict, jpeg), overwrite=overwrite)
    if as_json:
        found = {name: value for name, value in vars(verdict).items() if name != "map"}
        typer.echo(
            json.dumps({"original": str(original), "restored": str(restored), "possible": verdict.possible} | found)
        )
    else:
        typer.echo(printable(f"{restored}: {verdict.summary} of {original}"))
    if not verdict.possible:
        raise typer.Exit(1)
