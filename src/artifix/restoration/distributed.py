"""A folder restored by many machines: Ray Data hands its pictures to workers, each with the model loaded once.

    input folder --list--> plan --blocks of rows--> worker: fetch, restore, put --rows--> manifest in the output folder
                             ^                      worker: fetch, restore, put      |
                             +------------------ what is known to be done <----------+

A picture's output has one name and appears whole, so doing one again, after its worker died, leaves one output.
"""

import dataclasses
import logging
import os
import socket
import tempfile
import time
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from artifix.errors import ArtifixError, ClusterError, ImageError, needs_extra
from artifix.restoration.attempts import Attempts, SharedAttempts
from artifix.restoration.folder import DEFAULT_JOBS, Progress, restore_all
from artifix.restoration.load import load_restorer
from artifix.restoration.manifest import OF_RECORDS, Row, rows_of, table_of
from artifix.restoration.pairing import Pair
from artifix.restoration.planning import Job, Plan
from artifix.restoration.record import Record
from artifix.restoration.remote import Folder, why

_BLOCK_ROWS: Final = 16  # at most; a block goes to a worker as one task, and to another if that one dies
_BLOCKS_PER_WORKER: Final = 4  # at least, where there are so many pictures: the last ones end together
_PATIENCE: Final = 10.0  # seconds, until a cluster's head answers
_DEATHS: Final = 3  # of its workers, and a picture is no longer tried


@dataclass(frozen=True)
class Pool:
    """Which machines: a Ray cluster's `address` (host:port, `auto`, ray://...), None for this one alone.

    `workers` is how many pictures are restored at a time, None for as many as there are processors to give each `cpus`.
    """

    address: str | None = None
    workers: int | None = None
    cpus: int = 1


def run(plan: Plan, pool: Pool | None = None) -> Generator[Record]:
    """Do what is planned, and yield a record for each picture as it is done; a failure is a record, not an end.

    ModelError before anything begins if the restorer cannot be made, OutputError if the output folder cannot,
    ClusterError if the cluster cannot be reached or goes. What was done until then is in the manifest, and so it is
    when the generator is closed early.
    """
    pool, manifest = pool or Pool(), plan.manifest
    settings = load_restorer(**plan.job.restorer, threads=pool.cpus).settings_at(plan.job.quality)
    manifest.folder.make()
    try:
        for row in (*plan.kept, *plan.refused):
            if row.status != "failed" and row.settings != settings:
                continue
            if manifest.rows.get(row.input) != row:
                manifest.add(row)
            yield _record(plan.job, row, kept=row.status != "failed")
        unsure = [dataclasses.replace(row, status="kept") for row in plan.kept if row.settings != settings]
        waiting = {row.input: row for row in (*plan.todo, *unsure)}
        if waiting:
            with _cluster(pool) as workers:
                for row in _restored(list(waiting.values()), plan.job, pool, workers):
                    if waiting.pop(row.input, None):  # a block that was done twice is told once
                        manifest.add(row)
                        yield _record(plan.job, row)
        for row in waiting.values():
            lost = dataclasses.replace(row, error=f"{plan.job.source}/{row.input}: was lost with its worker")
            manifest.add(lost)
            yield _record(plan.job, lost)
        manifest.close()
    finally:
        manifest.save_part()
        manifest.folder.sweep(plan.job.token)


class RestoreWorker:
    """One worker: the model, loaded once, and the two folders. `attempts` counts the attempts of all workers."""

    def __init__(self, job: Job, threads: int, attempts: Attempts) -> None:
        self.job, self.attempts = job, attempts
        self.source, self.target = Folder(job.source), Folder(job.target)
        self.restorer = load_restorer(**job.restorer, threads=threads)

    def __call__(self, block: pa.Table) -> pa.Table:
        """The rows of a block, restored or failed; one picture comes and goes while another is restored.

        A row that says `kept` has an output, which is kept if it says that it was made as this would be, or has failed.

        Those that a worker may have died of come last, one at a time, so that none is taken for another.
        """
        rows = {row.input: row for row in rows_of(block)}
        suspects = self.attempts.known(rows)
        pairs = [Pair(Path(row.input), Path(row.output)) for row in rows.values()]
        groups = [[p for p in pairs if (p.source.as_posix() in suspects) is suspect] for suspect in (False, True)]
        restore = partial(self.restore_file, there={row.input for row in rows.values() if row.status == "kept"})
        settings = self.restorer.settings_at(self.job.quality)
        return table_of(
            [
                dataclasses.replace(
                    rows[Path(record.input).as_posix()],
                    **{name: getattr(record, name) for name in OF_RECORDS},
                    settings="" if record.status == "failed" else settings,
                    finished=time.time(),
                )
                for group, jobs in zip(groups, (DEFAULT_JOBS, 1), strict=True)
                for record in restore_all(group, restore, jobs)
            ]
        )

    def restore_file(self, source: Path, target: Path, *, progress: Progress, there: Collection[str] = ()) -> Record:
        """Restore a file of the source folder into one of the target's; ArtifixError whatever goes wrong.

        The outputs of those that are `there` exist and are not to be replaced.
        """
        name = source.as_posix()
        deaths = self.attempts.begin(name)
        try:
            if deaths >= _DEATHS:
                raise ClusterError(f"{self.source.address(name)}: its worker died {deaths} times")
            return self._restore_file(name, target.as_posix(), progress, is_there=name in there)
        finally:
            self.attempts.end(name)

    def _restore_file(self, name: str, output: str, progress: Progress, *, is_there: bool) -> Record:
        address, began = self.source.address(name), time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="artifix-") as folder:
            local = Path(folder) / f"in{Path(name).suffix}"
            made = Path(folder) / f"out{Path(output).suffix}"
            try:
                self.source.fetch(name, local)
                if is_there:
                    self.target.fetch(output, made)
            except Exception as error:  # every filesystem has its own
                raise ImageError(f"{address}: cannot be read ({why(error)})") from error
            fetched = time.perf_counter()
            try:
                record = self.restorer.restore_file(
                    local, made, quality=self.job.quality, max_pixels=self.job.max_pixels, progress=progress
                )
            except ArtifixError as error:
                reason = str(error).replace(str(local), address).replace(str(made), self.target.address(output))
                raise type(error)(reason) from error
            except Exception as error:  # one picture among millions ends nothing, whatever it found
                raise ImageError(f"{address}: {type(error).__name__} ({why(error)})") from error
            made_at = time.perf_counter()
            if record.status == "restored":
                self.target.put(made, output, self.job.token)
        way = fetched - began + time.perf_counter() - made_at
        return dataclasses.replace(record, input=name, output=output, seconds=round(record.seconds + way, 3))


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
    """The rows as workers have done them; some may come twice, and those of a block that is lost for good never."""
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


def _record(job: Job, row: Row, *, kept: bool = False) -> Record:
    source, target = f"{job.source}/{row.input}", f"{job.target}/{row.output}"
    fields = {name: getattr(row, name) for name in OF_RECORDS} | ({"status": "kept"} if kept else {})
    return Record(source, target, input_bytes=row.input_bytes, **fields)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
