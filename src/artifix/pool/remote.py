"""Folders at any address that fsspec opens: what is in them, and files that are read and written there whole."""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fsspec

from artifix.errors import DataError, OutputError
from artifix.image.output import sync_file, sync_folder
from artifix.image.signature import SIGNATURE_BYTES, signature

# Where a file appears whole as it is put there. Elsewhere it is put beside its place, then renamed.
_OBJECT_STORES: Final = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "memory"})
# What changes when a file does, as filesystems call it; the first that a filesystem has is taken.
_STAMPS: Final = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True)
class Found:
    """A file in a folder: its path in it, its size in bytes, and what changes when the file does.

    Or with an `error` what could not be looked at, a folder that is closed for one.
    """

    name: str
    size: int = 0
    stamp: str = ""
    error: str = ""


class Folder:
    """A folder by its address: a local path, or s3://, gs:// or another that fsspec and its plugins know.

    DataError for an address of an unknown kind, or one whose plugin is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            # Listings are not kept: others write here, too.
            self.files, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
        except (ValueError, ImportError) as error:
            raise DataError(f"{address}: {error}") from error
        kinds = {self.files.protocol} if isinstance(self.files.protocol, str) else set(self.files.protocol)
        self.stores_whole = bool(kinds & _OBJECT_STORES)
        self._local = "file" in kinds
        self.root = os.path.abspath(root) if self._local else str(root).rstrip("/")  # noqa: PTH100 (links stay)
        self._address = self.root if self._local else address.rstrip("/")
        self._place = os.path.realpath(self.root) if self._local else self.root

    def address(self, name: str = "") -> str:
        """What this folder, or a file in it, is found by from anywhere."""
        return f"{self._address}/{name}" if name else self._address

    def find(self, *, recursive: bool = True) -> list[Found]:
        """The files in this folder, by name, links to files too; none where there is no such folder.

        DataError if it cannot be listed.
        """
        try:
            found = self._find_here(recursive) if self._local else self._find_there(recursive)
            return sorted(found, key=lambda each: each.name)
        except Exception as error:  # every filesystem has its own
            raise DataError(f"{self._address}: cannot be listed ({why(error)})") from error

    def _find_here(self, recursive: bool) -> Iterator[Found]:
        """By the operating system: fsspec leaves closed folders out, and takes links' own times."""
        closed: list[OSError] = []
        for parent, folders, names in os.walk(self.root, onerror=closed.append):
            if not recursive:
                folders.clear()
            for name in names:
                path = Path(parent, name)
                try:
                    status = path.stat()
                except FileNotFoundError:  # a link to nothing, or it has just gone
                    continue
                except OSError as error:
                    closed.append(error)
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield Found(path.relative_to(self.root).as_posix(), status.st_size, str(status.st_mtime))
        for each in closed:
            if each.filename != self.root:
                yield Found(Path(each.filename).relative_to(self.root).as_posix(), error=why(each))
            elif not isinstance(each, FileNotFoundError | NotADirectoryError):
                raise each

    def _find_there(self, recursive: bool) -> Iterator[Found]:
        for path, info in self.files.find(self.root, maxdepth=None if recursive else 1, detail=True).items():
            name = path.removeprefix(self.root).lstrip("/")
            if name and info["type"] == "file":
                yield Found(name, int(info["size"] or 0), _stamp(info))

    def is_there(self) -> bool:
        """Whether there is such a folder."""
        return bool(self.files.isdir(self.root))

    def within(self, other: "Folder") -> str | None:
        """Its path in another folder, links followed: empty if it is that one, None if it lies elsewhere."""
        inside = self.files == other.files and f"{self._place}/".startswith(f"{other._place}/")
        return self._place[len(other._place) + 1 :] if inside else None

    def make(self) -> None:
        """Make the folder where there is none; OutputError if that cannot be."""
        if self.stores_whole:
            return
        try:
            self.files.makedirs(self.root, exist_ok=True)
        except Exception as error:  # every filesystem has its own
            raise OutputError(f"{self._address}: cannot be made a folder ({why(error)})") from error

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file of this folder into a local one; whatever the filesystem raises if that fails."""
        self.files.get_file(self._path(name), str(target))

    def signature(self, name: str) -> str:
        """What the first bytes of a file of this folder say that it is; empty if they are unknown or not to be had."""
        with suppress(Exception):  # every filesystem has its own
            return signature(self.files.cat_file(self._path(name), start=0, end=SIGNATURE_BYTES))
        return ""

    def put(self, source: Path, name: str, token: str = "") -> None:
        """Put a local file into this folder, whole or not at all, in place of what is there; OutputError if not.

        `token` marks what is left behind if the process is killed meanwhile, for `sweep` to remove.
        """
        path = self._path(name)
        parent = path.rpartition("/")[0]
        temporary = path if self.stores_whole else f"{parent}/.{token}-{secrets.token_hex(8)}.partial"
        try:
            self.files.makedirs(parent, exist_ok=True)
            self.files.put_file(str(source), temporary)
            if self._local:
                sync_file(Path(temporary))
            if temporary != path:
                self.files.mv(temporary, path)
            if self._local:
                sync_folder(Path(parent))
        except Exception as error:  # every filesystem has its own
            if temporary != path:
                with suppress(Exception):
                    self.files.rm_file(temporary)
            raise OutputError(f"{self.address(name)}: cannot be written ({why(error)})") from error

    def remove(self, name: str) -> None:
        """Remove a file of this folder if it is there, and the folder that it was in if nothing else is."""
        with suppress(Exception):  # every filesystem has its own
            self.files.rm_file(self._path(name))
            if not self.stores_whole:
                self.files.rmdir(self._path(name).rpartition("/")[0])

    def sweep(self, token: str) -> None:
        """Remove what killed processes left behind while they put files here under this token."""
        if self.stores_whole:
            return
        for found in self.find():
            last = found.name.rpartition("/")[2]
            if last.startswith(f".{token}-") and last.endswith(".partial"):
                self.remove(found.name)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


def why(error: BaseException) -> str:
    """An error's reason, on one line."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__


def _stamp(info: Mapping[str, Any]) -> str:
    return next((str(info[key]) for key in _STAMPS if info.get(key) is not None), "")
