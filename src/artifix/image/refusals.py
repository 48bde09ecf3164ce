"""What is refused before Pillow sees it: kinds that it would not name, and files made to exhaust a reader."""

from collections import deque
from typing import BinaryIO, Final

from artifix.image.boxes import boxes
from artifix.image.directories import Directories
from artifix.image.segments import mapped, structure_of
from artifix.printable import counted

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _SAMPLE_FORMAT = 258, 277, 339
_SIDES: Final = (256, 257)
_FORMS: Final = {1: "unsigned", 2: "signed", 3: "floating-point"}
_BIG_ENDIAN_BIGTIFF: Final = b"MM\0+"
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


def unknown_tiff(file: BinaryIO) -> str:
    """What a TIFF that no decoder takes is, as far as its first directory says; empty for any other file."""
    if file.read(4) == _BIG_ENDIAN_BIGTIFF:
        return "a big-endian BigTIFF, which is not supported"
    try:
        directories = Directories(file)
        entries = {entry.tag: entry for entry in directories.at(directories.first).entries}
        sides = [directories.value(entries[tag]) for tag in _SIDES]
        bits, samples, form = (
            directories.value(entries[tag]) if tag in entries else 1
            for tag in (_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _SAMPLE_FORMAT)
        )
    except (ValueError, KeyError):  # no TIFF, or a broken one
        return ""
    if not all(sides):
        return ""
    channels = counted(samples, "channel")
    return f"a TIFF of {channels} of {bits}-bit {_FORMS.get(form, 'other')} samples, which is not supported"


def _check_tiff(file: BinaryIO) -> None:
    length = file.seek(0, 2)
    directories = Directories(file)
    directories.check(directories.at(directories.first), length)
