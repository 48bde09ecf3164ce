"""What lies behind a JPEG's own picture: a gain map, a Motion Photo's video, the other pictures of a stereo camera.

    picture | gap | gain map | gap | video          an index (MPF) in the picture says where pictures are, counted
            ^ end of the picture's segments          from the index; XMP says how long the parts are, in their order

So a part that stays as it was stays found through XMP; the index is written anew.
"""

import re
import struct
from typing import BinaryIO, Final, NamedTuple

from artifix.image import limits, xmp
from artifix.image.directories import LONG, Directories, Entry
from artifix.image.metadata import Attached, Metadata
from artifix.image.segments import Data

MPF: Final = b"MPF\0"
"""How the segment of the index begins."""
GAIN_MAP_VERSION: Final = b"urn:iso:std:iso:ts:21496:-1\0"
"""How the segments begin that ISO 21496-1 gives a picture with a gain map."""
_COUNT: Final = 0xB001
_ENTRIES: Final = 0xB002
_ENTRY: Final = 16  # bytes: attributes, size, offset, two dependent images
_TYPE: Final = 0xFFFFFF
_PREVIEWS: Final = (0x010001, 0x010002)
_GAIN_MAP: Final = re.compile(rb"hdr-gain-map/1\.0/|hdrgainmap|HDRGainMap|" + re.escape(GAIN_MAP_VERSION))
_HEADER: Final = 1 << 16  # of a picture: bytes in which it says that it is a gain map
NAMES: Final = {
    "gain map": "the HDR gain map",
    "video": "the video behind the picture",
    "picture": "the other pictures",
    "preview": "the preview behind the picture",
    "data": "data behind the picture",
}
"""What each kind is called in a note."""


class _Place(NamedTuple):
    kind: int
    start: int
    end: int
    entry: int


def read_attached(data: Data, end: int, mpf: bytes | None, mpf_place: int) -> tuple[Attached, ...]:
    """What lies behind the end of a JPEG's own picture, in its order; zeros alone are nothing.

    `mpf` is the file's index and `mpf_place` where it stands.
    """
    parts, position = [], end
    for place in sorted(_places(mpf, mpf_place, len(data)), key=lambda place: place.start):
        if place.start < position:  # it overlaps what came before
            continue
        content = bytes(data[place.start : place.end])
        if place.kind in _PREVIEWS:
            kind = "preview"
        else:
            kind = "gain map" if _GAIN_MAP.search(content, 0, _HEADER) else "picture"
        parts.append(Attached(kind, bytes(data[position : place.start]), content, place.entry))
        position = place.end
    rest = bytes(data[position:])
    if rest.strip(b"\0"):
        parts += _unlisted(rest)
    return tuple(parts)


def _unlisted(rest: bytes) -> list[Attached]:
    """What no index lists: gain maps and other pictures, then a video or something unknown."""
    start = rest.find(b"\xff\xd8\xff")
    video = rest.find(b"ftyp")
    if start == 0 and _GAIN_MAP.search(rest, 0, _HEADER):
        end = video - 4 if video > 0 else len(rest)
        parts = [Attached("gain map", b"", rest[:end])]
        return parts + ([Attached("video", b"", rest[end:])] if video > 0 else [])
    kind = "video" if video >= 0 or b"MotionPhoto_Data" in rest else "picture" if start == 0 else "data"
    return [Attached(kind, b"", rest)]


def kept(metadata: Metadata, *, turned: bool) -> Metadata:
    """The metadata without what would no longer fit: previews, and for a turned picture the other pictures, too.

    What XMP lists stays as a whole or goes as a whole.
    """
    left_out = {"preview"} | ({"gain map", "picture"} if turned else set())
    if left_out & {part.kind for part in metadata.attached} & {"gain map"}:
        left_out.add("video")
    return without(metadata, left_out)


def without(metadata: Metadata, kinds: set[str]) -> Metadata:
    """The metadata without attached parts of these kinds, and without what the rest of it claims of them."""
    parts = tuple(part for part in metadata.attached if part.kind not in kinds)
    remaining = {part.kind for part in parts}
    packet = metadata.xmp
    if packet and not remaining & {"gain map", "video"}:
        packet = xmp.without_claims(packet)
    segments = metadata.segments
    if "gain map" not in remaining:
        segments = tuple(s for s in segments if not s.content.startswith(GAIN_MAP_VERSION))
    mpf = metadata.mpf if any(part.entry is not None for part in parts) else None
    return metadata._replace(attached=parts, xmp=packet, segments=segments, mpf=mpf)


def write_attached(file: BinaryIO, metadata: Metadata) -> None:
    """Append the attached parts to a JPEG that ends where the file stands, and write their places into its index.

    The file must be readable, and hold the index of `metadata` in one of its segments.
    """
    end = file.tell()
    places = {0: (0, end)}
    for part in metadata.attached:
        file.write(part.gap)
        if part.entry is not None:
            places[part.entry] = (file.tell(), len(part.content))
        file.write(part.content)
    if not metadata.mpf:
        return
    whole_end = file.tell()
    file.seek(0)
    index = file.read(end).index(MPF + metadata.mpf) + len(MPF)
    file.seek(index)
    file.write(_index(metadata.mpf, index, places))
    file.seek(whole_end)


def _places(mpf: bytes | None, mpf_place: int, length: int) -> list[_Place]:
    """The pictures that an index lists behind the first one, where the file has them."""
    found = []
    try:
        directories, _, entries = _table(mpf or b"")
    except (ValueError, KeyError):
        return []
    start = directories.offset(entries)
    for entry in range(1, min(entries.number // _ENTRY, limits.TAGS)):
        attributes, size, offset = (directories.number(start + _ENTRY * entry + at, "I") for at in (0, 4, 8))
        place = mpf_place + offset
        if size and offset and place + size <= length:
            found.append(_Place(attributes & _TYPE, place, place + size, entry))
    return found


def _index(mpf: bytes, index: int, places: dict[int, tuple[int, int]]) -> bytes:
    """The index with the entries of these places alone, entry -> (beginning, size), itself standing at `index`."""
    block = bytearray(mpf)
    directories, count, entries = _table(mpf)
    start, order = directories.offset(entries), directories.order
    for number, (entry, (beginning, size)) in enumerate(sorted(places.items())):
        fields = bytearray(mpf[start + _ENTRY * entry : start + _ENTRY * (entry + 1)])
        struct.pack_into(order + "II", fields, 4, size, beginning - index if entry else 0)
        block[start + _ENTRY * number : start + _ENTRY * (number + 1)] = fields
    struct.pack_into(order + "I", block, count.place, len(places))
    struct.pack_into(order + "I", block, entries.place - 4, _ENTRY * len(places))
    return bytes(block)


def _table(mpf: bytes) -> tuple[Directories, Entry, Entry]:
    """The index's directories, and its entries for the number of pictures and for their places."""
    directories = Directories(mpf)
    found = {entry.tag: entry for entry in directories.at(directories.first).entries}
    count, entries = found[_COUNT], found[_ENTRIES]
    start = directories.offset(entries)
    if count.kind != LONG or entries.number < 2 * _ENTRY or start + entries.number > len(mpf):
        raise ValueError("an index of no pictures")
    return directories, count, entries
