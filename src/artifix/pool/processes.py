"""A pool's workers as processes of this machine, without Ray."""

import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from artifix.pool.attempts import Attempts
from artifix.pool.machines import Pool
from artifix.pool.manifest import Row, rows_of, table_of
from artifix.pool.planning import Job
from artifix.pool.worker import DEATHS, RestoreWorker


@dataclass
class _Worker:
    """A process that restores one row at a time."""

    process: BaseProcess
    rows: Connection
    row: Row = field(init=False)

    def begin(self, row: Row) -> None:
        """Send it a row; if it has died, that is found when the row is awaited."""
        self.row = row
        with suppress(OSError):
            self.rows.send(row)

    def end(self) -> None:
        """Close its pipe and wait until it has ended."""
        self.rows.close()
        self.process.join()


def restore_rows(todo: list[Row], job: Job, pool: Pool) -> Iterator[Row]:
    """The rows as workers have done them, restored or failed, each once.

    A picture whose worker died is given to another; after `DEATHS` of them it has failed.
    """
    waiting, deaths = deque(todo), Counter[str]()
    count = min(len(todo), pool.workers or max(1, (os.cpu_count() or 1) // pool.cpus))
    workers = [_started(job, pool.cpus) for _ in range(count)]
    for worker in workers:
        worker.begin(waiting.popleft())
    try:
        while workers:
            ready = wait([worker.rows for worker in workers])
            for worker in [each for each in workers if each.rows in ready]:
                try:
                    yield worker.rows.recv()
                except (EOFError, OSError):
                    row = worker.row
                    deaths[row.input] += 1
                    if deaths[row.input] < DEATHS:
                        waiting.appendleft(row)
                    else:
                        yield replace(row, error=f"{job.source}/{row.input}: its worker died {DEATHS} times")
                    workers.remove(worker)
                    worker.end()
                    if waiting:
                        workers.append(worker := _started(job, pool.cpus))
                if waiting:
                    worker.begin(waiting.popleft())
                elif worker in workers:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.end()


def _started(job: Job, threads: int) -> _Worker:
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of this process's threads
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(job, threads, theirs), name="artifix-worker", daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(job: Job, threads: int, rows: Connection) -> None:
    """What a worker does until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command, which ends its workers
    worker = RestoreWorker(job, threads, Attempts())
    while True:
        try:
            row = rows.recv()
        except EOFError:
            return
        rows.send(*rows_of(worker(table_of([row]))))
