"""What a picture file may hold beside one picture's pixels, in one place; beyond these bounds it is refused.

Honest files stay far below. Files made to exhaust a reader do not: 30,000 directories, a million segments. How many
scans a JPEG may have depends on its size and stands in `scans`.
"""

from typing import Final

PIECES: Final = 10_000
"""JPEG marker segments, PNG chunks other than pixel data, and boxes of a JPEG 2000, AVIF or HEIF file."""
EXIF_SEGMENTS: Final = 256
"""Segments of one JPEG's EXIF block, which Pillow joins in a time that grows with the square of their number."""
TAGS: Final = 4_096
"""Entries of a TIFF or EXIF directory."""
DIRECTORIES: Final = 1_000_000
"""Directories of a TIFF file that are counted as its pages."""
PAGES: Final = 500
"""Pages of a TIFF that are restored, each found by going through those before it; of longer files it is the first."""
FRAMES: Final = 10_000
"""Frames of an animation that are restored; of longer ones it is the first."""
ARCHIVE_BYTES: Final = 4 << 30
"""Bytes of all files of an archive, unpacked."""
METADATA_BYTES: Final = 64 << 20
"""Bytes of metadata of one kind, such as a file's text or what lies behind its picture."""
