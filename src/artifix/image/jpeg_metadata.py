"""What goes with a JPEG's picture: read from its segments, and put into those of another JPEG."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from PIL import JpegImagePlugin

from artifix.image import attached, limits, photoshop, xmp
from artifix.image.metadata import Attached, Metadata, Segment, Text
from artifix.image.segments import Data, Structure, segment

LONGEST: Final = 65_533
"""Bytes that a segment holds."""
_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
# Segments that are read elsewhere, or that are about the coding or a preview of the old picture.
_READ_ELSEWHERE: Final = {
    "APP0": (b"",),
    "APP1": (_EXIF, _XMP, xmp.EXTENSION),
    "APP2": (b"ICC_PROFILE\0", b"FPXR\0", attached.MPF),
    "APP12": (b"Ducky",),
    "APP13": (photoshop.SIGNATURE,),
    "APP14": (b"Adobe",),
}
_CREDENTIALS: Final = b"c2pa"
_NO_UNIT: Final = 0
_DENSITY_PLACE: Final = 13  # of a file that begins with a JFIF segment


def read_metadata(
    file: JpegImagePlugin.JpegImageFile, data: Data, structure: Structure
) -> tuple[Metadata, tuple[str, ...]]:
    """What the file has beside EXIF, the profile and the resolution, and a phrase for each thing that is left out.

    `data` is the whole file.
    """
    named = [(name, content) for name, content in file.applist if name != "COM"]
    texts = [
        Text("Comment", content.decode(errors="surrogateescape")) for name, content in file.applist if name == "COM"
    ]
    resources = b"".join(c[len(photoshop.SIGNATURE) :] for c in _beginning(named, "APP13", photoshop.SIGNATURE))
    mpf = next((c[len(attached.MPF) :] for c in _beginning(named, "APP2", attached.MPF)), None)
    packet = file.info.get("xmp") or b""
    others = [
        Segment(0xE0 + int(name[3:]), content)
        for name, content in named
        if not content.startswith(_READ_ELSEWHERE.get(name, ()))
    ]
    notes = []
    if any(s.name == "APP11" and _CREDENTIALS in s.content for s in others):
        others = [s for s in others if s.name != "APP11"]
        notes.append("the content credentials are left out")
    place = data.find(attached.MPF + mpf) + len(attached.MPF) if mpf else 0
    parts: tuple[Attached, ...] = ()
    if structure.end is not None and len(data) - structure.end > limits.METADATA_BYTES:
        notes.append(f"what lies behind the picture is left out: more than {limits.METADATA_BYTES >> 20} MiB")
    elif structure.end is not None:
        parts = attached.read_attached(data, structure.end, mpf, place)
    return Metadata(
        density=_density(file),
        extended_xmp=xmp.joined(packet, _beginning(named, "APP1", xmp.EXTENSION)),
        iptc=photoshop.kept(resources),
        texts=tuple(texts),
        segments=tuple(others),
        mpf=mpf,
        attached=parts,
    ), tuple(notes)


def jpeg_options(metadata: Metadata) -> dict[str, Any]:
    """The metadata as Pillow's JPEG writer takes it; `finish` does the rest."""
    options: dict[str, Any] = {"extra": b"".join(_segments(metadata)), "dpi": metadata.dpi or (0, 0)}
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if metadata.exif:
        options["exif"] = _EXIF + metadata.exif
    return options


def finish(file: BinaryIO, metadata: Metadata) -> None:
    """Give a JPEG that has just been written a density without unit, and what lies behind its picture."""
    if metadata.density:
        end = file.tell()
        file.seek(0)
        if file.read(_DENSITY_PLACE)[6:11] == b"JFIF\0":
            across, down = metadata.density
            file.write(bytes([_NO_UNIT]) + across.to_bytes(2) + down.to_bytes(2))
        file.seek(end)
    if metadata.attached:
        attached.write_attached(file, metadata)


def comment(text: Text) -> bytes:
    """A text as a JPEG's comment; all but comments name what they are."""
    value = text.value if text.keyword == "Comment" else f"{text.keyword}: {text.value}"
    return value.encode(errors="surrogateescape")


def _segments(metadata: Metadata) -> Iterator[bytes]:
    if metadata.xmp:
        yield segment(0xE1, _XMP + metadata.xmp)
        for piece in xmp.split(metadata.xmp, metadata.extended_xmp or b""):
            yield segment(0xE1, piece)
    if metadata.mpf:
        yield segment(0xE2, attached.MPF + metadata.mpf)
    for resources in photoshop.segments(metadata.iptc or b""):
        yield segment(0xED, resources)
    for other in metadata.segments:
        yield segment(other.marker, other.content)
    for text in metadata.texts:
        yield segment(0xFE, comment(text))


def _beginning(named: list[tuple[str, bytes]], name: str, start: bytes) -> list[bytes]:
    return [content for other, content in named if other == name and content.startswith(start)]


def _density(file: JpegImagePlugin.JpegImageFile) -> tuple[int, int] | None:
    """The density of pixels that are not square."""
    across, down = file.info.get("jfif_density", (1, 1))
    return (across, down) if file.info.get("jfif_unit") == _NO_UNIT and across != down and across and down else None
