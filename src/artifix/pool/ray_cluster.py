"""A pool's workers on a Ray cluster, or on this machine by Ray."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from artifix.errors import ClusterError, needs_extra
from artifix.pool.attempts import Attempts, SharedAttempts
from artifix.pool.machines import Pool
from artifix.pool.manifest import Row, rows_of, table_of
from artifix.pool.planning import Job
from artifix.pool.remote import why
from artifix.pool.worker import RestoreWorker

_BLOCK_ROWS: Final = 16  # at most; a block goes to a worker as one task, and to another if that one dies
_BLOCKS_PER_WORKER: Final = 4  # at least, where there are so many pictures: the last ones end together
_PATIENCE: Final = 10.0  # seconds to wait for a cluster's head


def restore_rows(todo: list[Row], job: Job, pool: Pool) -> Iterator[Row]:
    """The rows as workers have done them; some may come twice, and those of a block that is lost for good never.

    ClusterError if Ray is not installed, or the cluster cannot be reached or fails.
    """
    with _cluster(pool) as workers:
        yield from _restored(todo, job, pool, workers)


@contextmanager
def _cluster(pool: Pool) -> Iterator[int]:
    """Ray, connected and quiet, and how many workers there are to be; ClusterError with what it says if it fails."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    at = f"ray at {pool.address}" if pool.address else "ray"
    if pool.address:
        _knock(pool.address, at)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ClusterError(needs_extra("ray", "ray", error)) from error
    ours = not ray.is_initialized()
    local: dict[str, Any] = {"address": "local", "include_dashboard": False}
    given = {"address": pool.address} if pool.address else local
    try:
        if ours:
            ray.init(**given, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ClusterError(f"{at}: cannot be reached ({_first_line(error)})") from error
    try:
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is in the rows
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1
        context.execution_no_progress_timeout_s = -1  # a gigapixel takes its time
        processors = int(ray.cluster_resources().get("CPU", 0))
        yield pool.workers or max(1, processors // pool.cpus)
    except ray.exceptions.RayError as error:
        raise ClusterError(f"{at}: {_first_line(error)}") from error
    finally:
        if ours:
            ray.shutdown()


def _knock(address: str, at: str) -> None:
    """ClusterError if nothing listens at host:port; Ray would try to connect for ever."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, OverflowError, ValueError) as error:  # ValueError: what is no host's name
        raise ClusterError(f"{at}: cannot be reached ({why(error)})") from error


def _restored(todo: list[Row], job: Job, pool: Pool, workers: int) -> Iterator[Row]:
    import ray.data

    size = max(1, min(_BLOCK_ROWS, len(todo) // (workers * _BLOCKS_PER_WORKER)))
    blocks = [table_of(todo[first : first + size]) for first in range(0, len(todo), size)]
    attempts = SharedAttempts(ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Attempts).remote())
    done = ray.data.from_arrow(blocks).map_batches(
        RestoreWorker,
        fn_constructor_args=(job, pool.cpus, attempts),
        batch_size=None,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(blocks))),
        num_cpus=pool.cpus,
    )
    for block in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield from rows_of(block)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
