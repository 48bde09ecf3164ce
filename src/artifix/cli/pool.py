"""`artifix restore --engine-pool`: a folder restored by many workers, with the same records as by one."""

import sys
from contextlib import closing, redirect_stdout

import typer

from artifix.errors import ClusterError, needs_extra
from artifix.pool.machines import Pool
from artifix.restoration.files import FileRestorer
from artifix.restoration.options import FileOptions


def restore_in_pool(
    inputs: list[str],
    output: str | None,
    restorer: FileRestorer,
    options: FileOptions,
    pool: Pool,
    *,
    recursive: bool,
    suffix: str,
    as_json: bool,
    quiet: bool,
    strict: bool,
) -> bool:
    """Restore one folder into another, each a path or any address that fsspec opens; returns whether all succeeded.

    With `strict`, a file that was left alone is a failure.
    """
    if len(inputs) != 1 or output is None:
        raise typer.BadParameter("--engine-pool needs one input folder, and an output folder with -o")
    try:
        from artifix.pool.planning import plan
        from artifix.pool.run import run
    except ImportError as error:
        raise ClusterError(needs_extra("--engine-pool", "pool", error)) from error
    from artifix.cli.display import RecordDisplay
    from artifix.paths import OTHER_SUFFIXES

    planned = plan(inputs[0], output, restorer, options, recursive=recursive, suffix=suffix, videos=OTHER_SUFFIXES)
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
