"""What a JPEG says beside its pixels."""

import io

from PIL import Image, ImageFile, JpegImagePlugin

from artifix.image.pillow import quiet_pillow

Table = tuple[int, ...]
"""64 quantisation steps, row by row."""


def quantisation_tables(file: ImageFile.ImageFile) -> tuple[Table, ...] | None:
    """The table of each component, in their order; None for another format, or where a table is missing."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile):
        return None
    found = [file.quantization.get(component[3]) for component in file.layer]
    return tuple(tuple(table) for table in found if table) if all(found) else None


def tables_of(file: bytes) -> tuple[Table, ...] | None:
    """The same of a whole file; None for what is no JPEG, or broken before its pixels begin."""
    try:
        with quiet_pillow(), Image.open(io.BytesIO(file), formats=["JPEG"]) as opened:
            return quantisation_tables(opened)
    except OSError:  # Pillow's own among them
        return None
