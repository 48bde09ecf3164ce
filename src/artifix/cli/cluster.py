"""`artifix restore --engine-pool ray`: a folder restored by many machines, its records shown as those of one."""

import sys
from contextlib import closing, redirect_stdout
from typing import Any

import typer

from artifix.errors import ClusterError, needs_extra


def restore_on_cluster(
    inputs: list[str],
    output: str | None,
    as_json: bool,
    *,
    address: str | None,
    workers: int | None,
    worker_cpus: int,
    strict: bool,
    **options: Any,
) -> bool:
    """Restore one folder into another, either at any address of fsspec's; whether no picture failed.

    With `strict` nothing may have been left alone, either. `options` are those of `artifix.restoration.planning.plan`.
    """
    if len(inputs) != 1 or output is None:
        raise typer.BadParameter("--engine-pool takes one folder, and -o another")
    try:
        from artifix.restoration.distributed import Pool, run
        from artifix.restoration.planning import plan
    except ImportError as error:
        raise ClusterError(needs_extra("--engine-pool", "ray", error)) from error
    from artifix.terminal import RecordDisplay
    from artifix.video.formats import OUTPUT_SUFFIXES

    planned = plan(inputs[0], output, videos=OUTPUT_SUFFIXES, **options)
    pool = Pool(address, workers, worker_cpus)
    # Ray tells of dead workers on standard output, where it would be in the midst of the records.
    with (
        RecordDisplay(len(planned), as_json) as display,
        redirect_stdout(sys.stderr),
        closing(run(planned, pool)) as records,
    ):
        for record in records:
            display.show(record)
        display.leave_alone(planned.left_alone, strict=strict)
    return not display.statuses["failed"] and not (strict and planned.left_alone)
