"""Put a built page in its folder, file by file, and remove the files of an earlier build and no others."""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Final

from artifix.errors import OutputError

OFFERS: Final = "offers.json"
"""The list of the build's files. Written first, it lets the next build remove what an interrupted one left."""
WORKER: Final = "sw.js"
"""The service worker. It is written last, since browsers fetch all other files when it changes."""


def put_in_place(made: Path, folder: Path, earlier: Collection[str]) -> None:
    """Move the files of a build into a folder on the same file system, and remove those of an earlier build.

    `earlier` are the names of the latter, as that build itself recorded them. OutputError, before anything is touched,
    if a file that is not of an earlier build has the name of a new one, or if a link leads out of the folder.
    """
    names = [path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()]
    for name in names:
        path = folder / name
        if _leads_away(folder, name) or path.is_dir() or (os.path.lexists(path) and name not in earlier):
            raise OutputError(f"{path}: is not of an earlier build, and the new one has a file of that name")
    for name in sorted(names, key=lambda name: {OFFERS: 0, WORKER: 2}.get(name, 1)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(folder / name)
    for name in sorted(set(earlier) - set(names)):
        if _is_inside(name) and not _leads_away(folder, name) and (folder / name).is_file():
            (folder / name).unlink()


def _is_inside(name: str) -> bool:
    """Whether a name that a file was read under stays within the folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _leads_away(folder: Path, name: str) -> bool:
    """Whether a link stands between the folder and the file."""
    return any((folder / parent).is_symlink() for parent in PurePosixPath(name).parents)
