"""`artifix degrade`: compress a picture on purpose."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.cli.errors import complain
from artifix.cli.options import MaxPixels, Overwrite


class Codec(StrEnum):
    """The codec that degrades a picture."""

    jpeg = "jpeg"
    webp = "webp"
    jpeg2000 = "jpeg2000"
    avif = "avif"
    hevc = "hevc"
    bpg = "bpg"
    h264 = "h264"


class Subsampling(StrEnum):
    """The chroma subsampling of a degraded picture."""

    full = "4:4:4"
    half = "4:2:2"
    quarter = "4:2:0"


def degrade(
    input: Annotated[Path, typer.Argument(metavar="IN", help="A picture.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The degraded picture; a .jpg is the coded file itself.")
    ],
    quality: Annotated[
        int, typer.Option(min=1, help="The codec's own scale: a QP for bpg and h264, bits per 100 pixels for jpeg2000.")
    ],
    codec: Annotated[
        Codec, typer.Option(help=r"hevc and h264 need artifix\[codecs]; bpg needs the programs bpgenc and bpgdec.")
    ] = Codec.jpeg,
    subsampling: Annotated[
        Subsampling | None, typer.Option(help="Chroma subsampling (default: the codec's usual one).")
    ] = None,
    max_pixels: MaxPixels = 500_000_000,
    overwrite: Overwrite = False,
) -> None:
    """Compress a picture on purpose, for comparisons and measurements."""
    from artifix.codecs import degrade_file

    chroma = subsampling.value if subsampling else None
    options: dict[str, Any] = {"subsampling": chroma, "overwrite": overwrite, "max_pixels": max_pixels}
    try:
        lost = degrade_file(input, output, codec.value, quality=quality, **options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if lost:
        complain(f"{output}: {'; '.join(lost)}")
