"""Which workers a pool has."""

from dataclasses import dataclass
from typing import Literal, get_args

PoolEngine = Literal["processes", "ray"]


@dataclass(frozen=True)
class Pool:
    """Workers that restore one folder: processes of this machine, or of a Ray cluster.

    ValueError for a setting out of its range.
    """

    engine: PoolEngine = "processes"
    address: str | None = None
    """host:port, ray://host:port or `auto`, of a Ray cluster; None starts Ray on this machine alone."""
    workers: int | None = None
    """How many pictures are restored at a time; None for as many as there are processors for."""
    cpus: int = 1
    """The processors of each worker."""

    def __post_init__(self) -> None:
        if self.engine not in get_args(PoolEngine):
            raise ValueError(f"engine must be one of {', '.join(get_args(PoolEngine))}, got {self.engine!r}")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if self.cpus < 1:
            raise ValueError(f"cpus must be at least 1, got {self.cpus}")
        if self.address and self.engine != "ray":
            raise ValueError("only a pool with engine='ray' has an address")
