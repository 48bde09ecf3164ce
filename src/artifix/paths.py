"""Restore what paths name: pictures, videos, comic book archives and folders of pictures."""

import itertools
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from artifix.errors import ClusterError, OutputError, needs_extra
from artifix.pool.machines import Pool
from artifix.restoration import Record, Restorer, archive
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import DEFAULT_JOBS, Progress, restore_all
from artifix.restoration.options import FileOptions
from artifix.restoration.pairing import Pair, Pairing, pair_up
from artifix.video.formats import OUTPUT_SUFFIXES, is_video

OTHER_SUFFIXES: Final = OUTPUT_SUFFIXES | {archive.SUFFIX: archive.SUFFIX}
"""The suffixes of files other than pictures, which are restored if they are named -> the suffixes of their outputs."""


def restore_path(
    source: str | Path | Iterable[str | Path],
    target: str | Path | None = None,
    restorer: FileRestorer | None = None,
    options: FileOptions | None = None,
    *,
    recursive: bool = False,
    suffix: str = "",
    jobs: int = DEFAULT_JOBS,
    pool: Pool | None = None,
    progress: Callable[[Pair, float], None] = lambda pair, share: None,
) -> Generator[Record, None, None]:
    """Restore pictures, videos, .cbz archives or folders of pictures, as `artifix restore` does.

    Yields a record for each file as it is done.

    `source` is a path or several. `target` is a file, a folder that mirrors the source, or None for outputs beside
    their inputs. The default restorer is `Restorer()`; `load_restorer` makes one by any name that the command takes.
    `suffix` changes the outputs' names as `pair_up` says, and `jobs` files are restored at a time; `progress` takes a
    file's source and target and the share of it that is done, 0..1. A file that fails is a record with its error; other
    files of a folder, videos and archives among them, are records with the status `skipped`.

    With a pool, source and target are one folder each, either of which may be an address such as s3://BUCKET/FOLDER;
    `jobs` and `progress` are then not used.

    DataError if there is nothing to restore, OutputError for a target that cannot be right, ClusterError if the pool
    cannot be used.
    """
    restorer, options = restorer or Restorer(), options or FileOptions()
    sources = [source] if isinstance(source, str | Path) else list(source)
    if pool:
        return _restore_in_pool(sources, target, restorer, options, pool, recursive=recursive, suffix=suffix)
    pairing = pair_up(
        [Path(each) for each in sources],
        None if target is None else Path(target),
        recursive=recursive,
        suffix=suffix,
        others=OTHER_SUFFIXES,
    )
    return _restore_here(pairing, restorer, options, jobs, progress)


def _restore_here(
    pairing: Pairing,
    restorer: FileRestorer,
    options: FileOptions,
    jobs: int,
    progress: Callable[[Pair, float], None],
) -> Generator[Record, None, None]:
    restore = partial(restore_file, restorer=restorer, options=options)
    yield from itertools.chain(pairing.records, restore_all(pairing.pairs, restore, jobs, progress))


def _restore_in_pool(
    sources: list[str | Path],
    target: str | Path | None,
    restorer: FileRestorer,
    options: FileOptions,
    pool: Pool,
    *,
    recursive: bool,
    suffix: str,
) -> Generator[Record, None, None]:
    if len(sources) != 1 or target is None:
        raise OutputError("a pool restores one folder into another; give one source and a target")
    try:
        from artifix.pool.planning import plan
        from artifix.pool.run import run
    except ImportError as error:
        raise ClusterError(needs_extra("a pool", "pool", error)) from error
    planned = plan(
        str(sources[0]), str(target), restorer, options, recursive=recursive, suffix=suffix, videos=OTHER_SUFFIXES
    )

    def records() -> Generator[Record, None, None]:
        yield from (each.record for each in planned.left_alone)
        yield from run(planned, pool)

    return records()


def restore_file(
    source: Path,
    target: Path,
    *,
    restorer: FileRestorer,
    options: FileOptions,
    progress: Progress = lambda share: None,
) -> Record:
    """Restore a picture, a video or an archive into another file; an ArtifixError says what is wrong with it."""
    if is_video(source):
        from artifix.video.restore import restore_video  # which needs PyAV

        return restore_video(source, target, restorer, progress=progress, **options.of_videos)
    if archive.is_archive(source):
        return archive.restore_archive(source, target, restorer, progress=progress, **options.of_pictures)
    return restorer.restore_file(source, target, progress=progress, **options.of_pictures)
