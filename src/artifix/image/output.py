"""An output file that appears whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from artifix.errors import OutputError

_UNFINISHED: Final[set[Path]] = set()
_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.EROFS)  # of file systems that have no such thing


@contextmanager
def atomic_output(path: str | Path, *, overwrite: bool = False, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write to, beside the path, that takes its place at the end; after any failure nothing is left of it.

    The file is synced before it takes its place, and the folder afterwards: after a power cut the path has the whole
    file or what it had before, and once this returns it has the file.

    Unless `overwrite`, it never takes the place of another file, not even of one that appears meanwhile. Through a link
    the file that it leads to is replaced, and the link stays. `mode` is a new file's permissions; one that is replaced
    keeps its own. OutputError for a path that exists, and for whatever keeps the file from being written.
    """
    path = Path(path)
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    place = Path(os.path.realpath(path)) if overwrite and path.is_symlink() else path
    temporary = place.with_name(f".{secrets.token_hex(8)}.partial")
    _UNFINISHED.add(temporary)
    try:
        with temporary.open("x+b") as file:
            if mode is not None:
                with suppress(OSError):  # FAT has no permissions
                    temporary.chmod(mode)
            yield file
            file.flush()
            _sync(file.fileno())
        _publish(temporary, place, overwrite=overwrite)
        sync_folder(place.parent)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):  # nothing was made, or nothing can be unmade
            temporary.unlink()
        _UNFINISHED.discard(temporary)


def remove_unfinished() -> None:
    """Remove every file that is being written: for a process that is about to end without its threads."""
    for temporary in tuple(_UNFINISHED):
        with suppress(OSError):
            temporary.unlink()


def ensure_writable(path: str | Path, *, overwrite: bool = True) -> None:
    """OutputError if no file can be put at the path: to be asked before work that would be lost."""
    path = Path(path)
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    if path.is_dir():
        raise OutputError(f"{path}: cannot be written (is a folder)")
    try:
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def ensure_folder(folder: Path) -> None:
    """Make a folder, and those that lead to it; OutputError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder ({error.strerror or error})") from error


def publish_folder(partial: Path, folder: Path) -> None:
    """Give a folder of finished files its name: what is in it is on the disk before, and the name afterwards."""
    for path in (*partial.rglob("*"), partial):
        if path.is_dir():
            sync_folder(path)
        else:
            sync_file(path)
    partial.rename(folder)
    sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Put what was written into a file on the disk, where the system can do that."""
    with path.open("rb") as file:
        _sync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Put on the disk what was renamed, made or removed in a folder, where the system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders, and some folders may be written to but not read
        return
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _publish(temporary: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)  # what was private stays so
        temporary.replace(path)
        return
    try:
        path.hardlink_to(temporary)  # a rename would replace what is there
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # FAT and some network drives have no hard links
        if os.path.lexists(path):
            raise _exists(path) from None
        temporary.rename(path)


def _exists(path: Path) -> OutputError:
    return OutputError(f"{path}: exists already; --overwrite replaces it")
