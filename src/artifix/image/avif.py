"""What Pillow does not say of an AVIF: its colour space by numbers, its depth and its gain map (ISO/IEC 23008-12)."""

import struct
from typing import BinaryIO, Final

from artifix.image.boxes import boxes
from artifix.image.metadata import Metadata

_NCLX: Final = b"colrnclx"
_DEPTHS: Final = b"pixi\0\0\0\0"
_GAIN_MAP: Final = b"tmap"
_MOST: Final = 1 << 20  # bytes of the descriptions that are looked at


def read_metadata(file: BinaryIO) -> tuple[Metadata, tuple[str, ...]]:
    """The colour space of an open file, and a phrase for what of it does not come with the picture."""
    described = next((box for box in boxes(file) if box.kind == b"meta"), None)
    if described is None:
        return Metadata(), ()
    file.seek(described.start)
    meta = file.read(min(described.end - described.start, _MOST))
    notes = []
    depths = meta.find(_DEPTHS) + len(_DEPTHS)
    if depths >= len(_DEPTHS) and any(depth > 8 for depth in meta[depths + 1 : depths + 1 + meta[depths]]):
        notes.append("more than 8 bits become 8")
    if _GAIN_MAP in meta:
        notes.append("the HDR gain map is left out")
    place = meta.find(_NCLX) + len(_NCLX)
    if place < len(_NCLX) or len(meta) < place + 7:
        return Metadata(), tuple(notes)
    primaries, transfer, matrix, full = struct.unpack_from(">HHHB", meta, place)
    return Metadata(cicp=(primaries & 255, transfer & 255, matrix & 255, full >> 7)), tuple(notes)
