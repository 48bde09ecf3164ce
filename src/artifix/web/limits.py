"""What the server allows, all in one place."""

from dataclasses import dataclass, field, replace

from artifix.machine import cores
from artifix.serving.limits import WireLimits


@dataclass(frozen=True)
class Limits(WireLimits):
    """The server's bounds. At most `places` pictures are in the house, and `arriving` are on their way to it.

    On disk each is its upload, of at most `max_bytes`, and what is made of it; while it arrives, the upload twice.
    ValueError for a bound below 1, and for more workers than cores.
    """

    max_pixels: int = 64_000_000
    """Of one picture, known before it is decoded."""
    queue: int = 32
    """How many pictures may be waiting, beside those that are worked on. A place is taken when all has arrived."""
    arriving: int = 128
    """How many uploads may be on their way."""
    least_rate: float = 10_000.0
    """Bytes a second that an upload must bring, on average, once `patience_seconds` are over."""
    patience_seconds: float = 10.0
    """How long an upload may bring nothing at all."""
    workers: int = field(default_factory=cores)
    """How many pictures are worked on at once."""
    kept_uploads: int = 4
    """How many of the largest files' bytes are kept in memory for clients to come back to."""
    kept_seconds: float = 600.0
    """How long such an upload is kept after its last use."""
    max_memory: int = 1 << 28
    """Bytes for the network, as `Restorer` has it. A quarter of the command line's: a picture can be stopped, and tells
    how far it is, after each tile, of about a megapixel; what is computed is the same."""
    transfer_seconds: float = 120.0
    """How long one upload, and one answer, may take to cross the wire."""
    video_seconds: float = 20.0
    """Of a video; 0 for a server that takes none."""
    video_pixels: int = 1280 * 720
    """Of one frame of a video."""
    videos: int = 4
    """How many videos may be in the house: one that is worked on, those that wait, those not fetched yet."""
    unattended_seconds: float = 300.0
    """How long a video is worked on, or kept, although its client does not ask for it."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < (0 if name == "queue" else 1) and not name.endswith(("_seconds", "_rate")):
                raise ValueError(f"{name} must be at least {0 if name == 'queue' else 1}, got {value}")
        if self.workers > cores():
            raise ValueError(f"workers must be at most the {cores()} cores, got {self.workers}")

    @property
    def places(self) -> int:
        """How many pictures may be in the house: waiting, worked on or leaving."""
        return self.queue + self.workers

    @property
    def of_videos(self) -> "Limits":
        """The same for the queue of videos, which has one worker of its own: pictures do not wait behind a video."""
        return replace(self, workers=1, queue=self.videos - 1)

    @property
    def kept_bytes(self) -> int:
        """Bytes of the uploads that are kept in memory."""
        return self.kept_uploads * self.max_bytes
