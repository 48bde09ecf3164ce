"""The XMP packet, edited in place: its orientation, and what it claims of things that the file may have no longer."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_ORIENTATION: Final = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])")

# What XMP says of a Motion Photo's video, a gain map, a depth map and the parts behind a JPEG: namespace -> names.
_CLAIMS: Final = {
    b"http://ns.google.com/photos/1.0/camera/": rb"(?:MotionPhoto|MicroVideo)\w*",
    b"http://ns.google.com/photos/1.0/container/": rb"\w+",
    b"http://ns.adobe.com/hdr-gain-map/1.0/": rb"\w+",
    b"http://ns.apple.com/HDRGainMap/1.0/": rb"\w+",
}
_EXTENDED: Final = {b"http://ns.adobe.com/xmp/note/": rb"HasExtendedXMP"}

_PREFIXES: Final = 8  # that a packet has for one namespace; an honest one has one

EXTENSION: Final = b"http://ns.adobe.com/xmp/extension/\0"
"""How a JPEG's segment of an extended packet begins: then a digest, the whole length and the piece's offset."""
_DIGEST: Final = 32
_NAMES_DIGEST: Final = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
_PIECE: Final = 65_000


def take_orientation(xmp: bytes) -> tuple[int | None, bytes]:
    """The orientation that an XMP packet says, 1..8, or None, and the packet with it set to 1."""
    said = _ORIENTATION.search(xmp)
    return (int(said[2]) if said else None), _ORIENTATION.sub(rb"\g<1>1", xmp)


def without_claims(xmp: bytes) -> bytes:
    """The packet without what it says of a video, a gain map or other pictures in the same file."""
    return _without(xmp, _CLAIMS)


def has_extension(xmp: bytes) -> bool:
    """Whether the packet names an extended one."""
    return b"HasExtendedXMP" in xmp


def without_extension(xmp: bytes) -> bytes:
    """The packet without the digest of an extended one."""
    return _without(xmp, _EXTENDED)


def joined(xmp: bytes, segments: Iterable[bytes]) -> bytes | None:
    """The extended packet that a packet names, from these segments of a JPEG; None if it is not whole."""
    named = _NAMES_DIGEST.search(xmp)
    head = len(EXTENSION) + _DIGEST
    pieces: dict[int, bytes] = {}
    length = 0
    for segment in segments:
        if named and segment[len(EXTENSION) : head] == named[1]:
            length = int.from_bytes(segment[head : head + 4])
            pieces[int.from_bytes(segment[head + 4 : head + 8])] = segment[head + 8 :]
    whole = b"".join(pieces[offset] for offset in sorted(pieces))
    return whole if whole and len(whole) == length else None


def split(xmp: bytes, extended: bytes) -> Iterator[bytes]:
    """The contents of the segments that hold the extended packet of a packet in a JPEG."""
    named = _NAMES_DIGEST.search(xmp)
    digest = named[1] if named else bytes(_DIGEST)
    for offset in range(0, len(extended), _PIECE):
        place = len(extended).to_bytes(4) + offset.to_bytes(4)
        yield EXTENSION + digest + place + extended[offset : offset + _PIECE]


def _without(xmp: bytes, names: dict[bytes, bytes]) -> bytes:
    """The packet without the attributes and elements of these names, by whichever prefix it has for a namespace."""
    for namespace, pattern in names.items():
        prefixes = set(re.findall(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + re.escape(namespace) + rb"[\"']", xmp))
        for prefix in sorted(prefixes)[:_PREFIXES]:
            name = re.escape(prefix) + rb":(" + pattern + rb")"
            xmp = re.sub(rb"\s" + name + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", xmp)
            xmp = _without_elements(xmp, re.compile(rb"<" + name + rb"(?=[\s/>])[^<>]*?(/?)>"))
    return xmp


def _without_elements(xmp: bytes, opening: re.Pattern[bytes]) -> bytes:
    """The packet without the elements whose opening tag fits; each ends at its own closing tag, the first there is."""
    kept, position = [], 0
    while found := opening.search(xmp, position):
        end = found.end()
        if not found[2]:
            closing = re.compile(rb"</" + re.escape(found[0][1:].split(b":", 1)[0] + b":" + found[1]) + rb"\s*>")
            closed = closing.search(xmp, end)
            if closed is None:
                break
            end = closed.end()
        kept.append(xmp[position : found.start()])
        position = end
    return b"".join((*kept, xmp[position:]))
