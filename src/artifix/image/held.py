"""What of a picture's metadata a format can hold, and what is then to be said."""

import math
from collections.abc import Iterator
from typing import Final

from artifix.image import attached, gif, heif, profile, xmp
from artifix.image import exif as exif_block
from artifix.image.formats import Format
from artifix.image.jpeg_metadata import LONGEST, comment
from artifix.image.metadata import Metadata
from artifix.image.picture import Picture

# What a marker segment of a JPEG holds, less the name in front of it.
_JPEG_SEGMENT: Final = {"exif": LONGEST - 6, "xmp": LONGEST - 29}
# Dots an inch that JFIF holds in 16 bits; PNG and BMP hold pixels a metre in 31.
_DPI: Final = {"JPEG": (0.5, 65_535.0), "PNG": (0.0127, 5.4e7), "BMP": (0.0127, 5.4e7)}
_EXIF_DPI: Final = 4.2e6  # in thousandths, in 32 bits
_DENSITY: Final = {"JPEG": 65_535}
_NAMES: Final = {
    "exif": "EXIF",
    "icc": "the colour profile",
    "xmp": "XMP",
    "dpi": "the resolution",
    "density": "the shape of pixels that are not square",
    "iptc": "IPTC",
}
_SHOWN: Final = 5  # names in one note
_SRGB: Final = (1, 13)  # of H.273's numbers
_REWRITES_EXIF: Final = ("AVIF", "HEIF")


def held(format: Format, picture: Picture) -> Metadata:
    """What of the picture's metadata the format can hold, as it will hold it."""
    metadata = picture.metadata
    if "attached" not in format.metadata:
        metadata = attached.without(metadata, set(attached.NAMES))
    metadata = _with_profile(format, picture, metadata)
    exif, icc, packet, dpi = metadata.exif, metadata.icc, metadata.xmp, metadata.dpi
    if format.name in _REWRITES_EXIF and exif and not exif_block.is_sound(exif):
        exif = None
    if format.name == "TIFF" and exif and not exif_block.has_tags(exif):
        exif = None
    if format.name == "JPEG":
        exif = exif if len(exif or b"") <= _JPEG_SEGMENT["exif"] else None
        packet = packet if len(packet or b"") <= _JPEG_SEGMENT["xmp"] else None
    if "extended_xmp" not in format.metadata or not metadata.extended_xmp:
        packet = packet and xmp.without_extension(packet)
    cicp = metadata.cicp
    if format.name == "HEIF" and cicp and not heif.can_say(cicp):
        cicp = None
    low, high = _DPI.get(format.name, (0.0, math.inf))
    dpi = dpi if dpi and all(low <= along <= high for along in dpi) else None
    if _becomes_rgb(format, picture) and icc and icc[16:20] == b"GRAY":
        icc = None  # those have no such grey, and RGB pixels may not have grey's profile
    lacks_jfif = format.name == "JPEG" and picture.black is not None  # JFIF has the resolution, but no CMYK
    if "exif" in format.metadata and (lacks_jfif or "dpi" not in format.metadata):
        if metadata.dpi and not exif and max(metadata.dpi) < _EXIF_DPI:
            exif = exif_block.of_resolution(metadata.dpi)
        dpi = exif_block.resolution(exif) if exif else None
    density = metadata.density
    if lacks_jfif:
        density = None
    if density and (dpi or max(density) > _DENSITY.get(format.name, 2**31 - 1)):
        density = None
    texts = metadata.texts
    if format.name == "JPEG":
        texts = tuple(text for text in texts if len(comment(text)) <= LONGEST)
    if format.name == "GIF":
        texts = tuple(text for text in texts if text.keyword == gif.COMMENT)[:1]
    metadata = metadata._replace(exif=exif, icc=icc, xmp=packet, dpi=dpi, density=density, texts=texts, cicp=cicp)
    return Metadata(**{f: value for f, value in metadata._asdict().items() if f in format.metadata})


def left_out(format: Format, picture: Picture) -> Iterator[str]:
    """A phrase for each thing of the picture's metadata that the format will not hold."""
    given, kept = picture.metadata, held(format, picture)
    found = kept
    if kept.exif:  # which has a place for it, too
        found = kept._replace(dpi=kept.dpi or exif_block.resolution(kept.exif))
    for field, name in _NAMES.items():
        if getattr(given, field) and not getattr(found, field):
            yield f"{name} is left out"
    if kept.xmp and not kept.extended_xmp and xmp.has_extension(given.xmp or b""):
        yield "extended XMP is left out"
    if format.name == "TIFF" and kept.exif and (broken := exif_block.tiff_tags(kept.exif)[1]):
        yield f"{broken} broken EXIF {'tag is' if broken == 1 else 'tags are'} left out"
    if colours := _colours_left_out(given, kept):
        yield f"{colours} is left out"
    texts = [text.keyword for text in given.texts if text not in kept.texts]
    if texts:
        yield f"{_listed('the text', texts)} left out"
    if "chunks" not in format.metadata and given.chunks:
        yield f"{_listed('the chunk', [kind.decode('latin-1') for kind, _ in given.chunks])} left out"
    gain_map = any(part.kind == "gain map" for part in given.attached)
    segments = [s.name for s in given.segments if not (gain_map and s.content.startswith(attached.GAIN_MAP_VERSION))]
    if "segments" not in format.metadata and segments:
        yield f"{_listed('the segment', segments)} left out"
    for kind in dict.fromkeys(part.kind for part in given.attached):
        if not any(part.kind == kind for part in kept.attached):
            yield f"{attached.NAMES[kind]} {'are' if kind == 'picture' else 'is'} left out"


def _listed(what: str, names: list[str]) -> str:
    """`the text Title is`, `the texts Title and Author are`; some of very many."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1:
        return f"{what} {distinct[0]} is"
    if len(distinct) > _SHOWN:
        distinct = [*distinct[:_SHOWN], f"{len(distinct) - _SHOWN} more"]
    return f"{what}s {', '.join(distinct[:-1])} and {distinct[-1]} are"


def _with_profile(format: Format, picture: Picture, metadata: Metadata) -> Metadata:
    """The metadata with a profile of the colours that are said by numbers, where the format has no numbers."""
    space = None
    if metadata.cicp and "cicp" not in format.metadata:
        space = profile.of_cicp(metadata.cicp)
    elif not metadata.cicp and "chroma" not in format.metadata:
        space = profile.of_chunks(dict(metadata.chroma))
    if metadata.icc or space is None or space.is_srgb or "icc" not in format.metadata:
        return metadata
    grey = picture.pixels.ndim == 2 and not _becomes_rgb(format, picture)
    return metadata._replace(icc=profile.profile_of(space, grey=grey))


def _becomes_rgb(format: Format, picture: Picture) -> bool:
    """Whether the format has no grey of this kind."""
    return format.name == "WEBP" or (format.name in ("AVIF", "HEIF") and picture.alpha is not None)


def _colours_left_out(given: Metadata, kept: Metadata) -> str | None:
    """What of the colours that are said by numbers is lost, if anything is."""
    if given.cicp and not kept.cicp:
        space = profile.of_cicp(given.cicp)
        unsaid = given.cicp[:2] == _SRGB or profile.UNSPECIFIED in given.cicp[:2]
        if not (unsaid or (space and (space.is_srgb or kept.icc))):
            return f"the colour space (cICP {'/'.join(map(str, given.cicp))})"
    chroma = dict(given.chroma)
    space = profile.of_chunks(chroma)
    if not (kept.chroma or kept.icc or given.icc or given.cicp) and space and not space.is_srgb:
        return "the gamma (gAMA)"
    light = [kind.decode() for kind in chroma if kind[:4].upper() in (b"MDCV", b"CLLI")]
    return f"the light levels ({', '.join(light)})" if light and not kept.chroma else None
