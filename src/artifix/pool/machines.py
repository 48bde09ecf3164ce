"""Which workers a pool has."""

from dataclasses import dataclass
from typing import Literal

PoolEngine = Literal["processes", "ray"]


@dataclass(frozen=True)
class Pool:
    """Workers that restore one folder: processes of this machine, or of a Ray cluster."""

    engine: PoolEngine = "processes"
    address: str | None = None
    """host:port, ray://host:port or `auto`, of a Ray cluster; None starts Ray on this machine alone."""
    workers: int | None = None
    """How many pictures are restored at a time; None for as many as there are processors for."""
    cpus: int = 1
    """The processors of each worker."""

    def __post_init__(self) -> None:
        if self.address and self.engine != "ray":
            raise ValueError("only a pool with engine='ray' has an address")
