"""Many files: which output each input gets, and restoring them side by side, a failure being a record, not an end."""

import os
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from artifix.errors import ArtifixError, DataError, OutputError
from artifix.image import READABLE_SUFFIXES, WRITABLE_SUFFIXES
from artifix.restoration.record import Record
from artifix.threads import side_by_side

DEFAULT_JOBS: Final = 2  # one picture is read or written while another is restored
DEFAULT_SUFFIX: Final = "-restored"

Progress = Callable[[float], None]  # hears the share of a picture that is done, 0..1


class Pair(NamedTuple):
    """A file to restore and the file that it becomes."""

    source: Path
    target: Path


class RestoreFile(Protocol):
    """What restores one file into another, as `FileRestorer.restore_file` does; `progress` may raise to stop it."""

    def __call__(self, source: Path, target: Path, *, progress: Progress) -> Record:
        """Restore the file; an ArtifixError says what is wrong with it."""


def pair_up(
    inputs: Iterable[Path],
    output: Path | None,
    *,
    recursive: bool = False,
    suffix: str = "",
    others: Mapping[str, str] | None = None,
) -> list[Pair]:
    """The output of every input file, and of every picture in an input folder.

    `output` is a folder, which mirrors each input folder, or the output file of a single input file; None puts outputs
    beside their inputs, with `DEFAULT_SUFFIX` after their names. `suffix` replaces the end of an output's name:
    `-clean` comes before the input's own suffix, `.png` takes its place, `-clean.png` does both. What can be read
    but not written becomes PNG. `others` gives output suffixes for those of files that are no pictures; in folders such
    files are left alone. DataError for a folder without pictures, OutputError if two would be one output, for
    one file's name given to more, and for a suffix with a folder in it.
    """
    inputs, others = list(inputs), others or {}
    _check(suffix)
    if output is None and not _name_end(suffix, others):
        suffix = DEFAULT_SUFFIX + suffix
    elif output is not None and output.suffix and not output.is_dir():
        if len(inputs) == 1 and not inputs[0].is_dir():
            return [Pair(inputs[0], output)]
        if output.suffix.lower() in (*WRITABLE_SUFFIXES, *others.values()):
            raise OutputError(f"{output}: is the name of one picture, and there are more to write")
    pairs: dict[Path, Pair] = {}
    for given in inputs:
        for source in _pictures(given, output, recursive, _name_end(suffix, others)) if given.is_dir() else [given]:
            inside = source.relative_to(given).parent if given.is_dir() else Path()
            folder = source.parent if output is None else output / inside
            pair = Pair(source, folder / target_name(source, suffix, others))
            place = folder.resolve() / pair.target.name  # the same, however the folder was spelled
            other = pairs.setdefault(place, pair)
            if other.source.resolve() == source.resolve():
                continue
            if given.is_dir() and place in (source.resolve(), other.source.resolve()):
                pairs[place] = other if place == source.resolve() else pair  # one of them an earlier run made
                continue
            raise OutputError(f"{pair.target}: would be the output of both {other.source} and {source}")
    return list(pairs.values())


def target_name(source: Path, suffix: str = "", others: Mapping[str, str] | None = None) -> str:
    """The name of a file's output, `suffix` and `others` being `pair_up`'s; OutputError for a suffix with a folder."""
    _check(suffix)
    others = others or {}
    if _names_format(suffix, others):
        return source.stem + suffix
    own = source.suffix.lower()
    return source.stem + suffix + (source.suffix if own in WRITABLE_SUFFIXES else others.get(own, ".png"))


class _StoppedError(Exception):
    """Raised inside a picture that is no longer wanted."""


def restore_all(
    pairs: Iterable[Pair],
    restore: RestoreFile,
    jobs: int = DEFAULT_JOBS,
    progress: Callable[[Pair, float], None] = lambda pair, share: None,
) -> Generator[Record, None, None]:
    """`restore` each pair, `jobs` at a time, and yield the records as they come; an ArtifixError becomes a record.

    `progress` hears the share of each that is done. Leaving early, by Ctrl-C for one, drops what has not begun, and
    what has at the next share it tells.
    """
    stopped = threading.Event()

    def attempt(pair: Pair) -> Record:
        def hear(share: float) -> None:
            if stopped.is_set():
                raise _StoppedError
            progress(pair, share)

        try:
            return restore(*pair, progress=hear)
        except ArtifixError as error:
            reason = str(error)
        except OSError as error:  # such as a name too long, or a folder that may not be looked into
            reason = f"{error.filename or pair.source}: {error.strerror or error}"
        except MemoryError:
            reason = f"{pair.source}: out of memory"
        except _StoppedError:
            raise
        except Exception as error:  # a fault of ours ends one picture, not the run
            reason = f"{pair.source}: {type(error).__name__}: {error}"
        return Record(str(pair.source), str(pair.target), "failed", error=reason)

    with side_by_side([partial(attempt, pair) for pair in pairs], jobs) as records:
        try:
            yield from records
        finally:
            stopped.set()


def _pictures(folder: Path, output: Path | None, recursive: bool, name_end: str) -> list[Path]:
    """The pictures of a folder, without what an earlier run put there; and folders that may not be looked into."""
    inner = output.resolve() if output else folder.resolve()
    beside = inner == folder.resolve() and bool(name_end)
    # An output folder that the input contains is no input; one that contains the input says nothing.
    contained = folder.resolve() in inner.parents

    def is_output(picture: Path) -> bool:
        return (beside and picture.stem.endswith(name_end)) or (contained and inner in picture.resolve().parents)

    closed: list[Path] = []
    files = (
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename)))
        for name in names
        if recursive or Path(parent) == folder
    )
    found = (file for file in files if file.suffix.lower() in READABLE_SUFFIXES)
    pictures = [file for file in found if _is_file(file) and not is_output(file)]
    pictures = sorted(pictures + closed)
    if not pictures:
        raise DataError(f"{folder}: no pictures in it" + ("" if recursive else " (folders below it: --recursive)"))
    return pictures


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it may not be looked at; restoring it says why
        return True


def _names_format(suffix: str, others: Mapping[str, str]) -> bool:
    return Path(f"x{suffix}").suffix.lower() in (*WRITABLE_SUFFIXES, *others.values())


def _name_end(suffix: str, others: Mapping[str, str]) -> str:
    """What of a suffix comes before the file's own: `-clean` of `-clean.png`, nothing of `.png`."""
    return Path(f"x{suffix}").stem[1:] if _names_format(suffix, others) else suffix


def _check(suffix: str) -> None:
    if "/" in suffix or "\\" in suffix:
        raise OutputError(f"{suffix}: a suffix is the end of a name and has no folder in it")
