"""`artifix restore --engine-pool ray`: a folder restored on many machines, with the same records as on one."""

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
    quiet: bool = False,
    address: str | None,
    workers: int | None,
    worker_cpus: int,
    strict: bool,
    **options: Any,
) -> bool:
    """Restore one folder into another, each a path or any address that fsspec opens; returns whether all succeeded.

    With `strict`, a file that was left alone is a failure. `options` are those of `artifix.restoration.planning.plan`.
    """
    if len(inputs) != 1 or output is None:
        raise typer.BadParameter("--engine-pool needs one input folder, and an output folder with -o")
    try:
        from artifix.restoration.distributed import Pool, run
        from artifix.restoration.planning import plan
    except ImportError as error:
        raise ClusterError(needs_extra("--engine-pool", "ray", error)) from error
    from artifix.cli.display import RecordDisplay
    from artifix.video.formats import OUTPUT_SUFFIXES

    planned = plan(inputs[0], output, videos=OUTPUT_SUFFIXES, **options)
    pool = Pool(address, workers, worker_cpus)
    # Ray reports dead workers on standard output, where they would mix with the records.
    with (
        RecordDisplay(len(planned), as_json, quiet=quiet) as display,
        redirect_stdout(sys.stderr),
        closing(run(planned, pool)) as records,
    ):
        for record in records:
            display.show(record)
        display.leave_alone(planned.left_alone, strict=strict)
    return not display.statuses["failed"] and not (strict and planned.left_alone)
