"""What is refused before Pillow sees it: kinds that it would not name, and files made to exhaust a reader."""

from collections import deque
from typing import BinaryIO, Final

from artifix.image.boxes import boxes
from artifix.image.directories import Directories
from artifix.image.segments import mapped, structure_of

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_2000_OR_XL: Final = (b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ")
_ISO_MEDIA: Final = b"ftyp"


def refuse(file: BinaryIO) -> None:
    """ValueError, with the reason, for a file that is not to be opened; afterwards the file stands at its beginning."""
    head = file.read(16)
    file.seek(0)
    if head.startswith(_JPEG):
        with mapped(file) as data:
            reason = structure_of(data, header=True).unsupported
        if reason:
            raise ValueError(reason)
    elif head.startswith(_TIFF):
        _check_tiff(file)
    elif head.startswith(_JPEG_2000_OR_XL) or head[4:8] == _ISO_MEDIA:
        deque(boxes(file), maxlen=0)  # which counts them
    file.seek(0)


def _check_tiff(file: BinaryIO) -> None:
    length = file.seek(0, 2)
    directories = Directories(file)
    directories.check(directories.at(directories.first), length)
