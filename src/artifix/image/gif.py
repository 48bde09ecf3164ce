"""Write GIFs, of one picture or many: at most 256 colours a frame, and the XMP that Pillow leaves out (GIF89a)."""

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image

from artifix.image.metadata import Metadata
from artifix.image.picture import Picture, Pixels, to_rgb, to_uint8

_COLOURS: Final = 256
_HALF: Final = 128  # of opacity: below, a pixel is clear
_CLEAR: Final = _COLOURS - 1
_TO_BACKGROUND: Final = 2  # what becomes of a frame before the next; else clear pixels would show it
# XMP in a GIF (Adobe's XMP specification, part 3): the packet stands as it is, not in sub-blocks, and 258 bytes behind
# it lead whoever reads it as sub-blocks to its end.
_XMP: Final = b"\x21\xff\x0bXMP DataXMP"
_AFTER_XMP: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_TRAILER: Final = b"\x3b"
COMMENT: Final = "Comment"


def write_gif(
    file: BinaryIO, pictures: Sequence[Picture], metadata: Metadata, milliseconds: Sequence[float] = (), plays: int = 1
) -> None:
    """Write one picture, or an animation whose frames are shown so long; `plays` is how often, 0 for ever."""
    first, *others = (_to_pillow(picture) for picture in pictures)
    options: dict[str, Any] = {"optimize": False}
    if others:
        options |= {"save_all": True, "append_images": others, "duration": [round(time) for time in milliseconds]}
        options |= {} if plays == 1 else {"loop": max(0, plays - 1)}  # how often it is shown again
        if any("transparency" in frame.info for frame in (first, *others)):
            options["disposal"] = _TO_BACKGROUND
    if comment := next((text.value for text in metadata.texts if text.keyword == COMMENT), ""):
        options["comment"] = comment.encode(errors="surrogateescape")
    first.save(file, "GIF", **options)
    if metadata.xmp:
        file.seek(-len(_TRAILER), 2)
        file.write(_XMP + metadata.xmp + _AFTER_XMP + _TRAILER)


def read_xmp(content: bytes | memoryview) -> bytes | None:
    """The XMP packet of a GIF file; None without one."""
    _, found, after = bytes(content).partition(_XMP)
    packet, end, _ = after.partition(_AFTER_XMP)
    return packet if found and end else None


def has_half_clear(alpha: Pixels) -> bool:
    """Whether a picture has pixels that are neither clear nor opaque, which a GIF has not."""
    return bool(((alpha != 0) & (alpha != np.iinfo(alpha.dtype).max)).any())


def _to_pillow(picture: Picture) -> Image.Image:
    colours = Image.fromarray(to_uint8(to_rgb(picture)))
    if picture.alpha is None and colours.mode == "L":
        return colours
    clear = None if picture.alpha is None else to_uint8(picture.alpha) < _HALF
    colours = colours.convert("RGB")
    if clear is not None and clear.any():
        frame = _with_palette(colours, _COLOURS - 1)
        indices = np.array(frame)
        indices[clear] = _CLEAR
        made = Image.frombytes("P", frame.size, indices.tobytes())
        palette = frame.getpalette() or []
        made.putpalette(palette + [0] * (3 * _COLOURS - len(palette)))
        made.info["transparency"] = _CLEAR
        return made
    return _with_palette(colours, _COLOURS)


def _with_palette(colours: Image.Image, most: int) -> Image.Image:
    """The picture in so many colours at most, its own if they are so few, else those of a median cut, dithered."""
    few = colours.getcolors(most) is not None
    chosen = colours.quantize(most, Image.Quantize.MEDIANCUT)
    return chosen if few else colours.quantize(palette=chosen, dither=Image.Dither.FLOYDSTEINBERG)
