"""The chunks of a PNG beside its picture: read, and made anew (PNG third edition, 11.3)."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from artifix.image import limits, photoshop
from artifix.image.metadata import Metadata, Text

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR: Final = (b"gAMA", b"cHRM", b"sRGB", b"mDCV", b"mDCv", b"cLLI", b"cLLi")
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_XMP: Final = "XML:com.adobe.xmp"
_IPTC_PROFILES: Final = ("Raw profile type iptc", "Raw profile type 8bim")
_READ_ELSEWHERE: Final = {"Raw profile type exif", "Raw profile type APP1", "Raw profile type xmp", _XMP}
_CREDENTIALS: Final = b"caBX"
# Chunks that are read elsewhere, or that are about the coding of the old pixels.
_SILENT: Final = (
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"eXIf"),
    *(b"acTL", b"fcTL", b"fdAT", b"tIME", b"sBIT", b"hIST", b"sPLT", b"iDOT"),
)
_SAFE_TO_COPY: Final = 0x20  # of the type's last letter
_LONG: Final = 1_024  # characters from which a text is compressed
_RGB: Final = 0  # H.273's matrix of a picture that is coded as RGB
_NO_UNIT: Final = 0


def read_metadata(file: BinaryIO) -> tuple[Metadata, tuple[str, ...]]:
    """What an open PNG has beside EXIF, the profile, XMP and the resolution, and a phrase for what is left out.

    ValueError for a file of too many chunks or too much text.
    """
    colour: dict[bytes, bytes] = {}
    copied: list[tuple[bytes, bytes]] = []
    texts: list[Text] = []
    dropped: dict[str, None] = {}
    cicp = density = resources = None
    for kind, content in _chunks(file):
        if kind in _COLOUR:
            colour.setdefault(kind, content)
        elif kind in _TEXTS:
            text = _text(kind, content)
            if text.keyword in _IPTC_PROFILES:
                resources = resources or _resources(text.value)
            elif text.keyword not in _READ_ELSEWHERE:
                texts.append(text)
        elif kind == b"cICP" and len(content) == 4:
            cicp = tuple(content)
        elif kind == b"pHYs" and len(content) == 9:
            across, down, unit = struct.unpack(">IIB", content)
            density = (across, down) if unit == _NO_UNIT and across != down and across and down else None
        elif kind == _CREDENTIALS:
            dropped["the content credentials"] = None
        elif kind[3] & _SAFE_TO_COPY:
            copied.append((kind, content))
        else:
            dropped[f"the chunk {kind.decode('latin-1')}"] = None
    notes = tuple(f"{name} is left out".replace("credentials is", "credentials are") for name in dropped)
    found = Metadata(
        density=density,
        iptc=photoshop.kept(resources or b""),
        texts=tuple(texts),
        cicp=(cicp[0], cicp[1], cicp[2], cicp[3]) if cicp else None,
        chroma=tuple(colour.items()),
        chunks=tuple(copied),
    )
    return found, notes


def chunks_of(metadata: Metadata) -> bytes:
    """The chunks that stand right behind a PNG's header."""
    made = [(kind, content) for kind, content in metadata.chroma if kind != b"sRGB" or not metadata.icc]
    if metadata.cicp:
        made.insert(0, (b"cICP", bytes([*metadata.cicp[:2], _RGB, metadata.cicp[3]])))
    if metadata.density:
        made.append((b"pHYs", struct.pack(">IIB", *metadata.density, _NO_UNIT)))
    if metadata.xmp:
        # Keyword, no compression, no language, no translated keyword; the packet as it is, valid UTF-8 or not.
        made.append((b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + metadata.xmp))
    if metadata.iptc:
        made.append(_chunk_of(Text(_IPTC_PROFILES[0], _raw_profile("iptc", metadata.iptc))))
    made += [_chunk_of(text) for text in metadata.texts]
    return b"".join(chunk(kind, content) for kind, content in (*made, *metadata.chunks))


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk as it stands in a file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_profile(text: str) -> bytes | None:
    """The bytes of ImageMagick's way to put a profile into a text: a name, a length and hexadecimal digits."""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:])) or None
    except ValueError:
        return None


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the chunks that may be kept or named, wherever they stand; what is cut short ends them."""
    file.seek(len(_SIGNATURE))
    seen = total = 0
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind in _SILENT:
            file.seek(length + 4, 1)
            if kind == b"IEND":
                return
            continue
        seen, total = seen + 1, total + length
        if seen > limits.PIECES:
            raise ValueError(f"more than {limits.PIECES:,} chunks")
        if total > limits.METADATA_BYTES:
            raise ValueError(f"more than {limits.METADATA_BYTES >> 20} MiB of chunks beside the picture")
        content = file.read(length)
        if len(content) < length or not kind.isalpha():
            return
        file.seek(4, 1)
        yield kind, content


def _text(kind: bytes, content: bytes) -> Text:
    keyword, _, rest = content.partition(b"\0")
    name = keyword.decode("latin-1")
    if kind == b"tEXt":
        return Text(name, rest.decode("latin-1"))
    if kind == b"zTXt":
        return Text(name, _inflated(rest[1:]).decode("latin-1"))
    language, _, rest_of = rest[2:].partition(b"\0")
    translated, _, value = rest_of.partition(b"\0")
    value = _inflated(value) if rest[:1] == b"\1" else value
    return Text(name, *(part.decode(errors="surrogateescape") for part in (value, language, translated)))


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, limits.METADATA_BYTES)
    except zlib.error:
        return b""
    if stream.unconsumed_tail:
        raise ValueError(f"a text of more than {limits.METADATA_BYTES >> 20} MiB")
    return text


def _chunk_of(text: Text) -> tuple[bytes, bytes]:
    """The text as a chunk: tEXt where Latin-1 has all of it, else iTXt; compressed if it is long."""
    keyword = text.keyword.encode("latin-1", "replace")[:79]
    plain = _latin_1(text.value)
    long = len(text.value) > _LONG
    if plain is not None and not text.language and not text.translated:
        return (b"zTXt", keyword + b"\0\0" + zlib.compress(plain)) if long else (b"tEXt", keyword + b"\0" + plain)
    value, language, translated = (part.encode(errors="surrogateescape") for part in text[1:])
    head = keyword + (b"\0\1\0" if long else b"\0\0\0") + language + b"\0" + translated + b"\0"
    return b"iTXt", head + (zlib.compress(value) if long else value)


def _latin_1(value: str) -> bytes | None:
    """The text in Latin-1; bytes that were never text as they are; None for what Latin-1 lacks."""
    try:
        return value.encode("latin-1", "surrogateescape") if "\0" not in value else None
    except UnicodeEncodeError:
        return None


def _resources(text: str) -> bytes | None:
    """Photoshop's resources from a raw profile, which may also hold nothing but IPTC's records."""
    profile = raw_profile(text)
    return profile if not profile or profile.startswith(b"8BIM") else photoshop.of_iptc(profile)


def _raw_profile(name: str, profile: bytes) -> str:
    digits = profile.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return "\n".join(["", name, f"{len(profile):8}", *lines, ""])
