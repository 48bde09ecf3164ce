"""One worker of a pool, which fetches pictures, restores them and puts them into their place."""

import dataclasses
import tempfile
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from artifix.errors import ArtifixError, ClusterError, ImageError
from artifix.pool.attempts import Attempts
from artifix.pool.manifest import OF_RECORDS, rows_of, table_of
from artifix.pool.planning import Job
from artifix.pool.remote import Folder, why
from artifix.restoration.folder import DEFAULT_JOBS, Progress, restore_all
from artifix.restoration.pairing import Pair
from artifix.restoration.record import Record

DEATHS: Final = 3
"""A picture is no longer tried after so many workers died while they restored it."""


class RestoreWorker:
    """One worker: the model, loaded once, and the two folders. `attempts` counts the attempts of all workers."""

    def __init__(self, job: Job, threads: int, attempts: Attempts) -> None:
        self.job, self.attempts = job, attempts
        self.source, self.target = Folder(job.source), Folder(job.target)
        self.restorer = job.restorer.limited_to(threads)

    def __call__(self, block: pa.Table) -> pa.Table:
        """The rows of a block, restored or failed; one picture comes and goes while another is restored.

        A row with the status `kept` has an output, which stays if it was made with these settings; otherwise the row
        has failed. Pictures with which a worker may have died come last and one at a time, so that it is clear which of
        them ends a worker.
        """
        rows = {row.input: row for row in rows_of(block)}
        suspects = self.attempts.known(rows)
        pairs = [Pair(Path(row.input), Path(row.output)) for row in rows.values()]
        groups = [[p for p in pairs if (p.source.as_posix() in suspects) is suspect] for suspect in (False, True)]
        restore = partial(self.restore_file, there={row.input for row in rows.values() if row.status == "kept"})
        return table_of(
            [
                dataclasses.replace(
                    rows[Path(record.input).as_posix()],
                    **{name: getattr(record, name) for name in OF_RECORDS},
                    settings="" if record.status == "failed" else self.job.settings,
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
            if deaths >= DEATHS:
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
                options = dataclasses.replace(self.job.options, overwrite=False)
                record = self.restorer.restore_file(local, made, progress=progress, **options.of_pictures)
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
