"""What a picture says of its compression: the tables of a JPEG, and an 8x8 grid in the pixels of anything."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import JpegImagePlugin

from artifix.color import luma
from artifix.image import MAX_PIXELS, Check, Picture, jpeg, read_picture, to_rgb
from artifix.image.picture import bands, to_uint8
from artifix.image.pillow import opened
from artifix.inspection.blocking import BLOCK, bef
from artifix.inspection.history import NO_SIGN, Evidence, coded_before
from artifix.inspection.tables import estimate_quality
from artifix.inspection.trace import find_trace

# Words for the blocking effect factor.
_STRENGTHS: Final = ((30.0, "strong"), (10.0, "clear"), (2.0, "slight"))


@dataclass(frozen=True)
class Inspection:
    """What was found in a file; `dataclasses.asdict` of it is JSON."""

    format: str
    width: int
    height: int
    frames: int
    """How many pictures the file holds; what is said is of the first."""
    quality: int | None
    """The quality 1..100 whose libjpeg tables lie nearest to a JPEG's own; None for other formats."""
    quality_exact: bool | None
    """Whether those are its tables; other encoders have their own."""
    subsampling: str | None
    """Of a colour JPEG's chroma, such as "4:2:0"."""
    progressive: bool | None
    """Of a JPEG."""
    blockiness: float
    """The blocking effect factor of the luma, in squared grey levels (`metrics.bef`), along the grid that is found."""
    grid: tuple[int, int] | None
    """Row and column, 0..7, where the first whole 8x8 block of a compression begins; None where none is found."""
    trace: Literal["none", "uncertain", "found"]
    """Whether there is a trace of compression: the format itself, where it has lost something, or else the pixels'."""
    earlier_quality: int | None
    """The quality of a JPEG coding before the file's own that was coarser; None where none is found."""
    earlier_sure: float
    """How sure it is that there was one, 0..1."""
    earlier: str
    """What speaks for it or against, in words."""

    @property
    def summary(self) -> str:
        """One line for people."""
        if self.format == "JPEG":
            about = "" if self.quality_exact else "about "
            parts = [f"JPEG at quality {about}{self.quality}", self.subsampling or "grey"]
            parts.append("progressive" if self.progressive else "baseline")
            before = f"; {self.earlier}" if self.earlier_sure > 0.5 else ""
            return f"{', '.join(parts)}; {_strength(self.blockiness)} blocking{before}"
        if self.grid is None:
            found = "a trace of JPEG is uncertain" if self.trace == "uncertain" else "no trace of JPEG found"
            return f"{self.format}; {found}"
        place = "row {}, column {}".format(*self.grid)
        quality = f" at quality {self.earlier_quality} or so" if self.earlier_quality else ""
        return f"{self.format}, once a JPEG{quality}: 8x8 grid from {place}; {_strength(self.blockiness)} blocking"


def inspect(path: str | Path, *, max_pixels: int = MAX_PIXELS, check: Check = lambda: None) -> Inspection:
    """What a picture file says of its compression. ImageError, and `check`, as in `read_picture`."""
    path = Path(path)
    quality = exact = subsampling = progressive = None
    with opened(path, max_pixels) as file:
        if isinstance(file, JpegImagePlugin.JpegImageFile):
            tables = jpeg.quantisation_tables(file) or tuple(map(tuple, file.quantization.values()))
            quality, exact = estimate_quality(*tables[:2])
            subsampling = _subsampling(file)
            progressive = bool(file.info.get("progressive"))
    picture = read_picture(path, max_pixels=max_pixels, check=check)
    height, width = picture.pixels.shape[:2]
    trace = find_trace(picture.pixels, picture.space)
    if picture.format != "JPEG":
        before = Evidence(trace.sure, "an 8x8 grid in the pixels" if trace.grid else NO_SIGN, trace.quality, trace.grid)
    elif picture.coefficients is None:
        before = Evidence(0.0, "its coefficients cannot be read")
    else:
        before = coded_before(picture.coefficients, picture.pixels, picture.space)
    found = before.sure > 0.5
    return Inspection(
        format=picture.format,
        width=width,
        height=height,
        frames=picture.frames,
        quality=quality,
        quality_exact=exact,
        subsampling=subsampling,
        progressive=progressive,
        blockiness=_blockiness(picture, trace.grid or (0, 0)),
        grid=trace.grid,
        trace="found" if picture.lossy else trace.kind,
        earlier_quality=before.quality if found else None,
        earlier_sure=before.sure,
        earlier=before.reason,
    )


def _blockiness(picture: Picture, grid: tuple[int, int]) -> float:
    row, column = grid
    height, width = picture.pixels.shape[:2]
    if min(height - row, width - column) <= BLOCK:  # no two blocks side by side
        return 0.0
    grey = np.empty((height, width), np.uint8)
    for rows in bands(height, width):
        grey[rows] = luma(to_uint8(to_rgb(replace(picture, pixels=picture.pixels[rows]))))
    return round(bef(grey[row:, column:]), 3)


def _subsampling(file: JpegImagePlugin.JpegImageFile) -> str | None:
    """The name of a colour JPEG's chroma subsampling, J:a:b; None for grey."""
    if len(file.layer) < 3:
        return None
    (_, across, down, _), (_, chroma_across, chroma_down, _) = file.layer[:2]
    ratios = (across // chroma_across, down // chroma_down)
    names = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1", (4, 2): "4:1:0"}
    return names.get(ratios, f"chroma 1/{ratios[0]} across, 1/{ratios[1]} down")


def _strength(blockiness: float) -> str:
    for least, word in _STRENGTHS:
        if blockiness >= least:
            return word
    return "hardly any"
