"""Many files restored side by side, a failure being a record, not an end."""

import threading
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from artifix.errors import ArtifixError
from artifix.restoration.pairing import Pair
from artifix.restoration.record import Record
from artifix.threads import side_by_side

DEFAULT_JOBS: Final = 2  # one picture is read or written while another is restored

Progress = Callable[[float], None]  # called with the share of a picture that is done, 0..1


class RestoreFile(Protocol):
    """What restores one file into another, as `FileRestorer.restore_file` does; `progress` may raise to stop it."""

    def __call__(self, source: Path, target: Path, *, progress: Progress) -> Record:
        """Restore the file; an ArtifixError says what is wrong with it."""


class _StoppedError(Exception):
    """Raised inside a picture that is no longer wanted."""


def restore_all(
    pairs: Iterable[Pair],
    restore: RestoreFile,
    jobs: int = DEFAULT_JOBS,
    progress: Callable[[Pair, float], None] = lambda pair, share: None,
) -> Generator[Record, None, None]:
    """`restore` each pair, `jobs` at a time, and yield the records as they come; an ArtifixError becomes a record.

    `progress` takes the share of each that is done. Leaving early, by Ctrl-C for one, drops what has not begun, and
    ends what has at its next call of `progress`.
    """
    stopped = threading.Event()

    def attempt(pair: Pair) -> Record:
        def report(share: float) -> None:
            if stopped.is_set():
                raise _StoppedError
            progress(pair, share)

        try:
            return restore(*pair, progress=report)
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
