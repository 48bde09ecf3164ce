"""File <-> picture: the pixels, and everything beside them that must survive a restoration."""

from artifix.image.child import Check, decoding_in_children
from artifix.image.formats import FORMATS, READABLE_SUFFIXES, WRITABLE_SUFFIXES, Format, extra_for, output_format
from artifix.image.frames import Frame, holds_frames, read_frames, write_frames
from artifix.image.metadata import Metadata, Text
from artifix.image.output import atomic_output, ensure_folder, ensure_writable
from artifix.image.picture import Picture, Pixels, Space, to_rgb, to_uint8
from artifix.image.pillow import MAX_PIXELS
from artifix.image.read import read_image, read_picture
from artifix.image.write import losses, write_image, write_picture

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "Check",
    "Format",
    "Frame",
    "Metadata",
    "Picture",
    "Pixels",
    "Space",
    "Text",
    "atomic_output",
    "decoding_in_children",
    "ensure_folder",
    "ensure_writable",
    "extra_for",
    "holds_frames",
    "losses",
    "output_format",
    "read_frames",
    "read_image",
    "read_picture",
    "to_rgb",
    "to_uint8",
    "write_frames",
    "write_image",
    "write_picture",
]
