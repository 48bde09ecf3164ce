"""What became of one file, the same for a folder run, a cluster, a video and the HTTP API (docs/records.md)."""

from dataclasses import dataclass, field
from typing import Final, Literal

Status = Literal["restored", "kept", "skipped", "failed"]

SCHEMA_VERSION: Final = 1
"""Counts up when a field goes or changes its meaning; new fields alone leave it."""


@dataclass(frozen=True)
class Record:
    """What became of one file.

    `status` is restored, kept (the output was there already), skipped (left alone in a folder) or failed.
    """

    input: str
    output: str
    """Empty where there is to be none."""
    status: Status
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    """Of reading, of the network and of writing; not of waiting for another picture's turn."""
    notes: tuple[str, ...] = ()
    error: str = ""
    frames: int = 1
    """A video's, an animation's or the pages of a TIFF, where all were restored."""
    model: str = ""
    """What restored it: a shipped model's name, a .safetensors file or sa-dct."""
    engine: str = ""
    """What ran the network."""
    precision: str = ""
    """The network's arithmetic."""
    strength: float = 1.0
    detail: float = 0.0
    bound: str = ""
    """Whether the result could still be the original of a JPEG, and why: begins with kept, given up or none."""
    input_bytes: int = 0
    output_bytes: int = 0
    schema: int = field(default=SCHEMA_VERSION, kw_only=True)

    def _repr_html_(self) -> str | None:
        """The pictures before and after, for a notebook; None where there are not both."""
        from artifix.restoration.notebook import before_and_after

        return before_and_after(self.input, self.output) if self.status == "restored" else None
