"""`artifix verify`: whether a picture could be the original of a JPEG."""

import json
from pathlib import Path
from typing import Annotated

import typer

from artifix.printable import printable


def verify(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL.jpg", help="The JPEG.")],
    restored: Annotated[Path, typer.Argument(metavar="RESTORED", help="A picture of any format, and of its size.")],
    map_path: Annotated[
        Path | None, typer.Option("--map", help="Write a picture of where it could not be: red. Grey: by rounding.")
    ] = None,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")] = 500_000_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a map that exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Say whether RESTORED could be the original of a JPEG that was compressed once; the exit status is 0 or 1.

    It could be where each of its DCT coefficients lies within half a step of the file's own, as far as rounding to 8
    bits allows. Blocks that could not are counted, and shown by --map.
    """
    from artifix.image import read_picture, write_image
    from artifix.restoration.verify import map_of, verify_picture

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
