"""What any server allows its clients."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WireLimits:
    """The bounds of what crosses the wire."""

    max_bytes: int = 64_000_000
    """Of one uploaded file, or of what else a request bears."""
    header_seconds: float = 10.0
    """How long a client may take to say what it wants, from the moment it connects."""
    stall_seconds: float = 30.0
    """How long a client may leave its answer unread."""
    drain_seconds: float = 2.0
    """How long the rest of a body is read on, and thrown away, so that a client is ready for its refusal."""
    connections: int = 256
    """How many clients may be connected; more are answered with status 503."""

    @property
    def max_body(self) -> int:
        """Bytes of a request's body: the file, and what a multipart form puts around it."""
        return self.max_bytes + (64 << 10)
