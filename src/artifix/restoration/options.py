"""How files are read and written, whatever restores them."""

from dataclasses import dataclass
from typing import Any

from artifix.image import MAX_PIXELS


@dataclass(frozen=True)
class FileOptions:
    """How files are read and written; each field has the default of `artifix restore`."""

    overwrite: bool = False
    """Whether outputs that exist are replaced."""
    max_pixels: int = MAX_PIXELS
    """Of a picture or a frame; larger ones are refused."""
    keep_dates: bool = False
    """Whether outputs have the dates of their inputs."""
    quality: int | None = None
    """1..100, of the encoder of pictures; None is the format's default."""
    salvage: bool = False
    """Whether truncated JPEGs are restored as far as they go."""
    codec: str | None = None
    """h264, hevc or ffv1, of videos; None is H.264, or HEVC for more than 8 bits."""
    crf: int | None = None
    """The constant rate factor of videos, 0..51; None is the encoder's default."""

    @property
    def of_pictures(self) -> dict[str, Any]:
        """Those that pictures have, as arguments of `restore_file` and `restore_archive`."""
        return self._common | {"quality": self.quality, "salvage": self.salvage}

    @property
    def of_videos(self) -> dict[str, Any]:
        """Those that videos have, as arguments of `restore_video`."""
        return self._common | {"codec": self.codec, "crf": self.crf}

    @property
    def _common(self) -> dict[str, Any]:
        return {"overwrite": self.overwrite, "max_pixels": self.max_pixels, "keep_dates": self.keep_dates}
