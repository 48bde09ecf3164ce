"""What a JPEG says beside its pixels."""

from PIL import ImageFile, JpegImagePlugin

Table = tuple[int, ...]
"""64 quantisation steps, row by row."""


def quantisation_tables(file: ImageFile.ImageFile) -> tuple[Table, ...] | None:
    """The table of each component, in their order; None for another format, or where a table is missing."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile):
        return None
    found = [file.quantization.get(component[3]) for component in file.layer]
    return tuple(tuple(table) for table in found if table) if all(found) else None
