"""Compiled networks, kept between runs, so that a model is compiled once a machine. Nothing depends on it.

OpenVINO can keep them itself, but takes one that was damaged on the disk for a good one; here each has its checksum.
"""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from artifix.errors import OutputError
from artifix.image import atomic_output

VARIABLE: Final = "ARTIFIX_CACHE"  # names another folder; empty, nothing is kept

_KEPT: Final = 16  # files, the last ones used; each has a few megabytes
_CHECKSUM: Final = 32  # bytes, in front of what is kept


def cache_folder() -> Path | None:
    """Where the platform has programs keep what they can make again; None if nothing is to be kept."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    try:
        home = Path.home()
    except RuntimeError:  # there is none
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "artifix" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "artifix"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))  # a relative one is to be ignored, its specification says
    return (given if given.is_absolute() else home / ".cache") / "artifix"


def read_cached(key: str) -> bytes | None:
    """What was kept under a key; None if that is nothing, cannot be read or was damaged."""
    file = _file(key)
    if file is None:
        return None
    with suppress(OSError):
        data = file.read_bytes()
        content = data[_CHECKSUM:]
        if _checksum(key, content) == data[:_CHECKSUM]:
            with suppress(OSError):
                os.utime(file)
            return content
    return None


def write_cached(key: str, content: bytes) -> None:
    """Keep the content under a key where that can be done, and let go of what was not used for longest."""
    file = _file(key)
    if file is None:
        return
    with suppress(OSError, OutputError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with atomic_output(file, overwrite=True) as output:
            output.write(_checksum(key, content) + content)
        files = sorted(file.parent.glob("*.compiled"), key=lambda kept: kept.stat().st_mtime)
        for old in files[:-_KEPT]:
            old.unlink()


def _checksum(key: str, content: bytes) -> bytes:
    """Of the key, too, so that a file that took another's name is not taken for it."""
    return hashlib.sha256(hashlib.sha256(key.encode()).digest() + content).digest()


def _file(key: str) -> Path | None:
    folder = cache_folder()
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.compiled" if folder else None
