"""What `artifix restore` may be told of its outputs' format and of a JPEG's bound."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Bound(StrEnum):
    """Whether a JPEG's coefficients bound what is restored of it."""

    auto = "auto"
    always = "always"
    never = "never"


class OutputFormat(StrEnum):
    """What restored pictures are written as."""

    jpg = "jpg"
    png = "png"
    webp = "webp"
    tiff = "tiff"
    bmp = "bmp"
    avif = "avif"
    jp2 = "jp2"


BoundOption = Annotated[
    Bound, typer.Option(help="Keep a JPEG's result to what could be its original; auto: unless it was coded before.")
]
FormatOption = Annotated[
    OutputFormat | None, typer.Option(help="Write pictures in this format, not the input's own; png loses nothing.")
]


def with_format(suffix: str, format: OutputFormat, output: str | None) -> str:
    """The end of output names, `suffix`, so that it also names the format."""
    from artifix.image.formats import WRITABLE_SUFFIXES, output_format

    own = [end for end in WRITABLE_SUFFIXES if suffix.lower().endswith(end)]
    if own and output_format(Path(f"x{own[0]}")) != output_format(Path(f"x.{format}")):
        raise typer.BadParameter(f"--suffix {suffix} names another format than --format {format}")
    end = Path(output or "").suffix.lower()
    if end in WRITABLE_SUFFIXES and output_format(Path(f"x{end}")) != output_format(Path(f"x.{format}")):
        raise typer.BadParameter(f"--output {output} names another format than --format {format}")
    return suffix if own else f"{suffix}.{format}"
