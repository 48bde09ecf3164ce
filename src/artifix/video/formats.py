"""The containers: which files are taken for videos, and what each becomes. Needs no PyAV."""

from pathlib import Path
from typing import Final

from artifix.errors import OutputError

# Suffix -> FFmpeg's name of the container that is written.
WRITABLE: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_OTHERS: Final = (".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ogv", ".y4m")

# A video's suffix -> its output's, where none is asked for. A video is known by its suffix.
OUTPUT_SUFFIXES: Final = {suffix: suffix for suffix in WRITABLE} | dict.fromkeys(_OTHERS, ".mkv")


def is_video(path: Path) -> bool:
    """Whether the file is taken for a video, by its suffix."""
    return path.suffix.lower() in OUTPUT_SUFFIXES


def container_of(path: Path) -> str:
    """FFmpeg's name of the container that the path's suffix stands for; OutputError for one that is not written."""
    try:
        return WRITABLE[path.suffix.lower()]
    except KeyError:
        known = ", ".join(WRITABLE)
        raise OutputError(f"{path}: unknown suffix {path.suffix!r} for a video, expected one of {known}") from None
