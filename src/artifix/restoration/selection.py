"""Which files of a folder are restored, and which are left alone, each of those with the reason."""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from artifix.image import READABLE_SUFFIXES
from artifix.image.extras import EXTRAS, is_installed
from artifix.image.formats import READABLE
from artifix.image.signature import signature_of
from artifix.printable import counted
from artifix.restoration.record import Record

_FOLDER: Final = "folder"
_HIDDEN: Final = ("thumbs.db", "desktop.ini")  # as names with a dot in front: systems made them, not people


@dataclass(frozen=True)
class LeftAlone:
    """A file or folder that is not restored."""

    path: Path
    kind: str
    """The suffix of a file, its name if it has none, or what the path is instead."""
    reason: str = ""
    """Why, where there is more to say than that it is no picture."""

    @property
    def record(self) -> Record:
        """The same as a record."""
        return Record(str(self.path), "", "skipped", notes=(self.reason or "not a picture",))


@dataclass
class Selection:
    """What was found in a folder, each list by name."""

    pictures: list[Path] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    closed: list[OSError] = field(default_factory=list)
    """Folders below it that cannot be listed."""


def select(
    folder: Path,
    *,
    recursive: bool,
    videos: Collection[str] = (),
    is_output: Callable[[Path], bool] = lambda path: False,
) -> Selection:
    """The pictures of a folder and what else is there; `is_output` is true of an earlier output, which is neither.

    A file with a known suffix is a picture, whatever is in it; any other is one if its first bytes say so, as
    `reason_against` has it. `videos` are the suffixes of videos. What has a hidden name and is no picture by its suffix
    is not mentioned.
    """
    found = Selection()
    for parent, folders, names in os.walk(folder, onerror=found.closed.append):
        for name in sorted(folders):
            path = Path(parent, name)
            if path.is_symlink() or not recursive:
                note = "a link, which is not followed" if path.is_symlink() else "--recursive enters it"
                if not is_hidden(name) and not is_output(path):
                    found.left_alone.append(LeftAlone(path, _FOLDER, note))
        if not recursive:
            folders.clear()
        for name in names:
            path = Path(parent, name)
            if is_output(path):
                continue
            reason = _reason_against(path, videos)
            if reason is None:
                found.pictures.append(path)
            elif not is_hidden(name):
                found.left_alone.append(LeftAlone(path, kind_of(name), reason))
    found.pictures.sort()
    return found


def reason_against(suffix: str, format: str, videos: Collection[str] = ()) -> str | None:
    """Why a file of a folder is left alone, empty where it is just no picture; None if it is restored.

    `format` is what its first bytes say (`signature`), which counts where the suffix, in small letters, is unknown.
    """
    if suffix in READABLE_SUFFIXES:
        return None
    if suffix in videos and suffix == ".cbz":
        return "an archive, which is restored if it is named"
    if suffix in videos:
        return "a video, which is restored if it is named"
    if format == "TIFF" and suffix:  # of such a file Pillow would read the small preview
        return "begins as a TIFF, like a camera's raw file; it is restored if it is named"
    if format in READABLE or (format in EXTRAS and is_installed(format)):
        return None
    return f"needs artifix[{EXTRAS[format]}]" if format in EXTRAS else ""


def kind_of(name: str) -> str:
    """What files that are left alone are counted under: the suffix, or the name of one without."""
    return Path(name).suffix.lower() or name


def is_hidden(name: str) -> bool:
    """Whether a file is one that systems and programs keep for themselves."""
    return name.startswith(".") or name.lower() in _HIDDEN


def in_words(left_alone: Iterable[LeftAlone]) -> str:
    """What was left alone in one line, empty if nothing was: `4 files left alone: .heic 1 (needs artifix[heif]), ...`.

    Folders are counted by themselves.
    """
    files: Counter[tuple[str, str]] = Counter()
    folders: Counter[str] = Counter()
    for each in left_alone:
        if each.kind == _FOLDER:
            folders[each.reason] += 1
        else:
            files[each.kind, each.reason] += 1
    said = []
    if files:
        kinds = (f"{kind} {number}" + (f" ({why})" if why else "") for (kind, why), number in sorted(files.items()))
        said.append(f"{counted(files.total(), 'file')} left alone: {', '.join(kinds)}")
    said += [f"{counted(number, 'folder')} left alone ({why})" for why, number in sorted(folders.items())]
    return "; ".join(said)


def _reason_against(path: Path, videos: Collection[str]) -> str | None:
    suffix = path.suffix.lower()
    try:
        if path.is_symlink() and not path.exists():
            return "a link to nothing"
        if not path.is_file():
            return "not a regular file"
        if suffix in READABLE_SUFFIXES or suffix in videos or is_hidden(path.name):
            return reason_against(suffix, "", videos)
        return reason_against(suffix, signature_of(path), videos)
    except OSError as error:
        # Of a picture, restoring says why it may not be looked at.
        return None if suffix in READABLE_SUFFIXES else f"cannot be read: {error.strerror or error}"
