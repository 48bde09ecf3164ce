"""The options of `artifix restore` for the output format and for the bound of a JPEG."""

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
    """The format of restored pictures."""

    jpg = "jpg"
    png = "png"
    webp = "webp"
    tiff = "tiff"
    bmp = "bmp"
    avif = "avif"
    jp2 = "jp2"


BoundOption = Annotated[
    Bound,
    typer.Option(
        help="Keep a restored JPEG within what its original could have been; auto: unless it was compressed before."
    ),
]
FormatOption = Annotated[
    OutputFormat | None, typer.Option(help="Output format of pictures; png is lossless (default: the input's).")
]


def with_format(suffix: str, format: OutputFormat, output: str | None) -> str:
    """`suffix`, the end of output names, with the suffix of the format."""
    from artifix.image.formats import WRITABLE_SUFFIXES, output_format

    own = [end for end in WRITABLE_SUFFIXES if suffix.lower().endswith(end)]
    if own and output_format(Path(f"x{own[0]}")) != output_format(Path(f"x.{format}")):
        raise typer.BadParameter(f"--suffix {suffix} does not match --format {format}")
    end = Path(output or "").suffix.lower()
    if end in WRITABLE_SUFFIXES and output_format(Path(f"x{end}")) != output_format(Path(f"x.{format}")):
        raise typer.BadParameter(f"--output {output} does not match --format {format}")
    return suffix if own else f"{suffix}.{format}"
