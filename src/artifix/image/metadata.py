"""What lies beside the pixels of a picture, whatever the format of its file."""

from typing import NamedTuple


class Text(NamedTuple):
    """A comment or another text of a file. Bytes that are not UTF-8 are kept as surrogate escapes."""

    keyword: str
    """`Comment` for that of a JPEG or a GIF; a PNG names each of its texts."""
    value: str
    language: str = ""
    """As in RFC 3066, where a PNG names it."""
    translated: str = ""
    """The keyword in that language."""


class Segment(NamedTuple):
    """An application segment of a JPEG that has no meaning here and is carried along."""

    marker: int
    """Its second byte, 0xE0..0xEF."""
    content: bytes

    @property
    def name(self) -> str:
        """What it is called, such as APP3."""
        return f"APP{self.marker - 0xE0}"


class Attached(NamedTuple):
    """Something that lies behind the end of a JPEG's own picture."""

    kind: str
    """`gain map`, `video`, `picture`, `preview` or `data`."""
    gap: bytes
    """What lies between the end of what comes before it and its own beginning."""
    content: bytes
    entry: int | None = None
    """Its place in the index of a multi-picture file, 1 for the first after the picture itself; None outside it."""


class Metadata(NamedTuple):
    """What lies beside the pixels in a file; None or nothing for what does not."""

    exif: bytes | None = None
    """The EXIF block from its TIFF header on: the file's own bytes, but without a thumbnail and with orientation 1."""
    icc: bytes | None = None
    """The ICC profile, of the pixels' own colour space."""
    xmp: bytes | None = None
    """The XMP packet."""
    dpi: tuple[float, float] | None = None
    """Horizontal and vertical resolution in pixels per inch."""
    density: tuple[int, int] | None = None
    """Horizontal and vertical pixel density without a unit, where they differ: (2, 1) for pixels half as wide."""
    extended_xmp: bytes | None = None
    """The further packet that an XMP packet of a JPEG names by its digest."""
    iptc: bytes | None = None
    """Photoshop's image resources, IPTC's captions, keywords and rights among them."""
    texts: tuple[Text, ...] = ()
    """Comments and PNG's texts, in the file's order."""
    cicp: tuple[int, int, int, int] | None = None
    """Colour primaries, transfer, matrix and full range as ITU-T H.273 numbers them."""
    chroma: tuple[tuple[bytes, bytes], ...] = ()
    """The chunks of a PNG that say what its colours are, such as gAMA and cHRM: type and content."""
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    """Chunks of a PNG without a meaning here that are safe to copy: type and content."""
    segments: tuple[Segment, ...] = ()
    """Application segments of a JPEG without a meaning here."""
    mpf: bytes | None = None
    """The index of a multi-picture JPEG (CIPA DC-007), from its TIFF header on."""
    attached: tuple[Attached, ...] = ()
    """What lies behind a JPEG's own picture."""
