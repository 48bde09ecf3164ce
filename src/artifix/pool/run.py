"""A folder restored by a pool of workers, each with the model loaded once.

    input folder --list--> plan --rows--> worker: fetch, restore, put --rows--> manifest in the output folder
                             ^            worker: fetch, restore, put      |
                             +---------- what is known to be done <--------+

A picture's output has one name and appears whole, so doing one again, after its worker died, leaves one output.
"""

import dataclasses
from collections.abc import Generator

from artifix.pool import processes, ray_cluster
from artifix.pool.machines import Pool
from artifix.pool.manifest import OF_RECORDS, Row
from artifix.pool.planning import Job, Plan
from artifix.restoration.record import Record


def run(plan: Plan, pool: Pool | None = None) -> Generator[Record]:
    """Do what is planned, and yield a record for each picture as it is done; a failure is a record, not an end.

    OutputError before anything begins if the output folder cannot be made, ClusterError if the cluster cannot be
    reached or fails. What was done until then is in the manifest, also when the generator is closed early.
    """
    pool, manifest = pool or Pool(), plan.manifest
    settings = plan.job.settings
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
            restore_rows = ray_cluster.restore_rows if pool.engine == "ray" else processes.restore_rows
            for row in restore_rows(list(waiting.values()), plan.job, pool):
                if waiting.pop(row.input, None):  # a block that was done twice is reported once
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


def _record(job: Job, row: Row, *, kept: bool = False) -> Record:
    source, target = f"{job.source}/{row.input}", f"{job.target}/{row.output}"
    fields = {name: getattr(row, name) for name in OF_RECORDS} | ({"status": "kept"} if kept else {})
    return Record(source, target, input_bytes=row.input_bytes, **fields)
