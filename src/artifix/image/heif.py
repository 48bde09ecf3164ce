"""HEIC and HEIF through libheif: more than 8 bits kept, and named what is not."""

from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from artifix.image.boxes import boxes
from artifix.image.metadata import Metadata
from artifix.image.picture import Picture, bands, interleaved
from artifix.image.turn import split

BITS: Final = 10
"""What is written of more than 8 bits."""
_PRIMARIES: Final = (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22)  # that ITU-T H.273 defines
_TRANSFERS: Final = (1, 2, *range(4, 19))
_GAIN_MAP: Final = "hdrgainmap"
_MOTION_PHOTO: Final = b"mpvd"


def is_deep(file: ImageFile.ImageFile) -> bool:
    """Whether the file is a HEIF of more than 8 bits a channel."""
    return file.format == "HEIF" and int(file.info.get("bit_depth", 8)) > 8


def read_deep(path: Path) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None]:
    """The pixels, (H, W) or (H, W, 3), and the alpha of a file that `is_deep`, upright, scaled to all 16 bits."""
    import pillow_heif

    with path.open("rb") as file:
        heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
        values = np.array(heif, np.uint16)
        bits = int(heif.info["bit_depth"])
    # The package shifts to the left; the brightest value is to be 65535.
    values |= values >> np.uint16(bits)
    pixels, alpha = split(values)
    return np.ascontiguousarray(pixels), None if alpha is None else np.ascontiguousarray(alpha)


def read_metadata(path: Path, file: ImageFile.ImageFile) -> tuple[Metadata, tuple[str, ...]]:
    """The colour space that is said by numbers, and a phrase for each thing that is left out."""
    info = file.info
    notes = []
    auxiliary = {str(kind).lower() for kind in info.get("aux", {})}
    if any(_GAIN_MAP in kind for kind in auxiliary):
        notes.append("the HDR gain map is left out")
    if others := sorted(kind.rpartition(":")[2] for kind in auxiliary if _GAIN_MAP not in kind):
        notes.append(f"the auxiliary pictures ({', '.join(others)}) are left out")
    if info.get("depth_images"):
        notes.append("the depth map is left out")
    if info.get("metadata"):
        notes.append("further metadata is left out")
    with path.open("rb") as stream:
        if any(box.kind == _MOTION_PHOTO for box in boxes(stream)):
            notes.append("the video in the file is left out")
    found = Metadata()
    if nclx := info.get("nclx_profile"):
        keys = ("color_primaries", "transfer_characteristics", "matrix_coefficients", "full_range_flag")
        primaries, transfer, matrix, full = (int(nclx[key]) for key in keys)
        found = Metadata(cicp=(primaries, transfer, matrix, full))
    return found, tuple(notes)


def can_say(cicp: tuple[int, int, int, int]) -> bool:
    """Whether libheif takes these numbers of a colour space."""
    return cicp[0] in _PRIMARIES and cicp[1] in _TRANSFERS


def write_heif(file: BinaryIO, picture: Picture, metadata: Metadata, quality: int) -> None:
    """Write the picture in HEVC with full chroma, 8 bits or of 16 the first 10, and the metadata."""
    import pillow_heif

    height, width = picture.pixels.shape[:2]
    mode = ("L" if picture.pixels.ndim == 2 else "RGB") + ("A" if picture.alpha is not None else "")
    deep = picture.pixels.dtype == np.uint16
    channels = len(mode)
    values = np.empty((height, width, channels), picture.pixels.dtype)
    for rows in bands(height, width):
        values[rows] = interleaved(picture, rows)
    options: dict[str, Any] = {"exif": metadata.exif and b"Exif\0\0" + metadata.exif, "xmp": metadata.xmp}
    if metadata.icc:
        options |= {"icc_profile": metadata.icc, "icc_profile_type": "prof"}
    if metadata.cicp:
        options |= {"color_primaries": metadata.cicp[0], "transfer_characteristics": metadata.cicp[1]}
    options = {name: value for name, value in options.items() if value is not None}
    name = mode + (";16" if deep else "")
    pillow_heif.encode(name, (width, height), values.data, file, quality=quality, chroma="444", **options)
