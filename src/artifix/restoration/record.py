"""What became of one file, as a folder run, a cluster and a video tell it alike."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["restored", "kept", "skipped", "failed"]


@dataclass(frozen=True)
class Record:
    """What became of one file.

    `status` is restored, kept (the output was there already), skipped (left alone in a folder) or failed.
    """

    source: str
    target: str
    status: Status
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    error: str = ""
    frames: int = 1
    """A video's."""
    model: str = ""
    """What restored it: a shipped model's name, a .safetensors file or sa-dct."""
