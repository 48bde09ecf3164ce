"""What a JPEG says beside its pixels."""

import io
from pathlib import Path

from PIL import Image, ImageFile, JpegImagePlugin

from artifix.errors import ImageError
from artifix.image.pillow import quiet_pillow
from artifix.jpeg import JpegCoefficients, Space, read_coefficients
from artifix.jpeg.coefficients import MOST_SAMPLES

Table = tuple[int, ...]
"""64 quantisation steps, row by row."""


def quantisation_tables(file: ImageFile.ImageFile) -> tuple[Table, ...] | None:
    """The table of each component, in their order; None for another format, or where a table is missing."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile):
        return None
    found = [file.quantization.get(component[3]) for component in file.layer]
    return tuple(tuple(table) for table in found if table) if all(found) else None


def subsampling(file: ImageFile.ImageFile) -> tuple[int, int] | None:
    """How many pixels a chroma sample covers, across and down; None for what is no JPEG of three alike components."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile) or len(file.layer) != 3:
        return None
    (_, across, down, _), (_, *cb, _), (_, *cr, _) = file.layer
    if cb != cr or not all(cb) or across % cb[0] or down % cb[1]:
        return None
    return across // cb[0], down // cb[1]


def stores_ycbcr(file: ImageFile.ImageFile) -> bool:
    """Whether the file is a JPEG of YCbCr; a few hold RGB as it is, marked by Adobe or by their components' names."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile) or file.mode != "RGB":
        return False
    names = bytes(component[0] for component in file.layer)
    return "jfif" in file.info or (file.info.get("adobe_transform") != 0 and names != b"RGB")


def has_too_many_samples(pixels: int, subsampling: tuple[int, int] | None, components: int) -> bool:
    """Whether the coefficients of a JPEG of so many pixels would take too much memory to read."""
    across, down = subsampling or (1, 1)
    return pixels * (1 + (components - 1) / (across * down)) > MOST_SAMPLES


def coefficients_of(path: Path, file: ImageFile.ImageFile) -> JpegCoefficients | None:
    """The coefficients of the opened JPEG at the path.

    None for another format, CMYK, what is too large (`has_too_many_samples`), and what cannot be read.
    """
    if not isinstance(file, JpegImagePlugin.JpegImageFile) or file.mode not in ("L", "RGB"):
        return None
    if has_too_many_samples(file.width * file.height, subsampling(file), len(file.layer)):
        return None
    space: Space = "L" if file.mode == "L" else "YCbCr" if stores_ycbcr(file) else "RGB"
    try:
        return read_coefficients(path, file.size, space, file.quantization)
    except ImageError:
        return None


def tables_of(file: bytes) -> tuple[Table, ...] | None:
    """The tables of a whole file; None for what is no JPEG, or broken before its pixels begin."""
    return coding_of(file)[0]


def coding_of(file: bytes) -> tuple[tuple[Table, ...] | None, tuple[int, int] | None]:
    """The tables and the subsampling of a whole file; None for both of what is no JPEG, or broken before its pixels."""
    try:
        with quiet_pillow(), Image.open(io.BytesIO(file), formats=["JPEG"]) as opened:
            return quantisation_tables(opened), subsampling(opened)
    except OSError:  # Pillow's own among them
        return None, None
