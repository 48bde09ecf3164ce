"""Restore what a path names: a picture, a video, a comic book archive, or a folder of pictures."""

import itertools
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from artifix.image import MAX_PIXELS
from artifix.restoration import Record, Restorer, archive
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import DEFAULT_JOBS, Progress, restore_all
from artifix.restoration.pairing import Pairing, pair_up
from artifix.video.formats import OUTPUT_SUFFIXES, is_video

OTHER_SUFFIXES: Final = OUTPUT_SUFFIXES | {archive.SUFFIX: archive.SUFFIX}
"""The suffix of what is no picture, but restored if it is named -> that of its output."""


@dataclass(frozen=True)
class FileOptions:
    """How files are restored, beside the settings of what restores them."""

    overwrite: bool = False
    """Whether outputs that exist are replaced."""
    max_pixels: int = MAX_PIXELS
    """Of a picture or a frame; larger ones are refused."""
    keep_dates: bool = False
    """Whether outputs have the dates of their inputs."""
    quality: int | None = None
    """1..100, of the encoder of pictures; None is the format's default."""
    salvage: bool = False
    """Whether truncated JPEGs are restored as far as they go."""
    codec: str | None = None
    """h264, hevc or ffv1, of videos; None is H.264, or HEVC for more than 8 bits."""
    crf: int | None = None
    """The constant rate factor of videos, 0..51; None is the encoder's default."""


def restore_path(
    source: str | Path,
    target: str | Path | None = None,
    restorer: FileRestorer | None = None,
    options: FileOptions | None = None,
    *,
    recursive: bool = False,
    suffix: str = "",
    jobs: int = DEFAULT_JOBS,
) -> Generator[Record, None, None]:
    """Restore a picture, a video, a .cbz archive or a folder of pictures, as `artifix restore` does.

    Yields a record for each file.

    `target` is a file, a folder that mirrors the source, or None for outputs beside their inputs. The default restorer
    is `Restorer()`. `suffix` changes the outputs' names as `pair_up` says, and `jobs` files are in work at a time. A
    file that fails is a record with its error; files of a folder that are no pictures, videos and archives among them,
    are records that say so. DataError if there is nothing to restore, OutputError for a target that cannot be right.
    """
    pairing = pair_up(
        [Path(source)],
        None if target is None else Path(target),
        recursive=recursive,
        suffix=suffix,
        others=OTHER_SUFFIXES,
    )
    return _records(pairing, restorer or Restorer(), options or FileOptions(), jobs)


def _records(
    pairing: Pairing, restorer: FileRestorer, options: FileOptions, jobs: int
) -> Generator[Record, None, None]:
    restore = partial(restore_file, restorer=restorer, options=options)
    yield from itertools.chain(pairing.records, restore_all(pairing.pairs, restore, jobs))


def restore_file(
    source: Path,
    target: Path,
    *,
    restorer: FileRestorer,
    options: FileOptions,
    progress: Progress = lambda share: None,
) -> Record:
    """Restore a picture, a video or an archive into another file; an ArtifixError says what is wrong with it."""
    kept: dict[str, Any] = {"overwrite": options.overwrite, "max_pixels": options.max_pixels, "progress": progress}
    kept["keep_dates"] = options.keep_dates
    if is_video(source):
        from artifix.video.restore import restore_video  # which needs PyAV

        return restore_video(source, target, restorer, codec=options.codec, crf=options.crf, **kept)
    kept |= {"quality": options.quality, "salvage": options.salvage}
    if archive.is_archive(source):
        return archive.restore_archive(source, target, restorer, **kept)
    return restorer.restore_file(source, target, **kept)
