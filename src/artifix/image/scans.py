"""How many scans a JPEG has, without decoding it: each is a pass over all of its pixels, however few bytes it takes."""

import mmap
import re
from pathlib import Path
from typing import Final

_FEWEST, _MOST = 16, 64  # encoders write 1 to about 12
_SCANNED_PIXELS: Final = 10**9  # over all scans, of pictures whose scans may be more than the fewest
_SEGMENTS: Final = 20_000  # that are looked at; the longest profile takes 255

# ITU-T T.81, table B.1: a marker is not stuffing, not a fill byte and, here, neither a restart nor TEM.
_MARKER: Final = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


def reason_against_scans(path: Path, pixels: int) -> str:
    """Why a JPEG of so many pixels would take too long to decode; empty if it does not. OSError if it cannot be read.

    64 scans are allowed, fewer beyond 15 megapixels, but never fewer than 16.
    """
    most = max(_FEWEST, min(_MOST, _SCANNED_PIXELS // max(1, pixels)))
    if path.stat().st_size == 0:
        return ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position, scans = 0, 0
        for _ in range(_SEGMENTS):
            marker = _MARKER.search(data, position)
            if marker is None or data[marker.start(1)] == _EOI:
                return ""
            kind, position = data[marker.start(1)], marker.end()
            if kind != _SOI:
                position += int.from_bytes(data[position : position + 2], "big")
            scans += kind == _SOS
            if scans > most:
                return f"more than {most} scans, which would take too long to decode"
        return f"more than {_SEGMENTS:,} marker segments"
