"""Restore the pages of a comic book archive (CBZ), a ZIP file of pictures, into another; what else is in it is copied.

Nothing is unpacked by the name that it has in the archive: each file is, for a while, alone in a temporary folder.
"""

import dataclasses
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from artifix.errors import ArtifixError, ImageError, OutputError
from artifix.image import MAX_PIXELS, atomic_output, ensure_folder
from artifix.image.limits import ARCHIVE_BYTES, PIECES
from artifix.image.signature import signature_of
from artifix.printable import counted
from artifix.restoration.attributes import copy_attributes, permissions
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import Progress
from artifix.restoration.origin import Origin, is_made, origin_in, origin_of, without_origin
from artifix.restoration.pairing import target_name
from artifix.restoration.record import Record
from artifix.restoration.selection import is_hidden, reason_against

SUFFIX: Final = ".cbz"
_END: Final = b"PK\5\6"  # begins the last record of a ZIP file (APPNOTE, 4.3.16): 22 bytes, and a comment
_END_BYTES: Final = 22
_END64: Final = b"PK\6\7"  # stands 20 bytes before it in archives of more than 4 GiB
_LONGEST_COMMENT: Final = 65_535
_DIRECTORY_BYTES: Final = 1_000  # of a file in the archive's directory, on average
_ENCRYPTED: Final = 1  # a bit of an entry's flags
# What a broken entry raises.
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)
_SHOWN: Final = 3  # pages that failed, in one line


def is_archive(path: Path) -> bool:
    """Whether the file is taken for a comic book archive, by its suffix."""
    return path.suffix.lower() == SUFFIX


def check_output(target: Path) -> None:
    """OutputError for the name of anything but a .cbz file."""
    if not is_archive(target):
        raise OutputError(f"{target}: the pages of an archive are written into a {SUFFIX} file")


def restore_archive(
    source: str | Path,
    target: str | Path,
    restorer: FileRestorer,
    *,
    overwrite: bool = False,
    quality: int | None = None,
    max_pixels: int = MAX_PIXELS,
    salvage: bool = False,
    keep_dates: bool = False,
    progress: Progress = lambda share: None,
) -> Record:
    """Restore every page of a .cbz file into another, in the same order and under the same names.

    The arguments are those of `FileRestorer.restore_file`, for each page. A page that cannot be restored is copied as
    it is, and the record has failed with an error that names it; the output is there all the same.

    ImageError for what is no ZIP file, and for one that is encrypted, holds links, names that lead out of it, more than
    10,000 files or more than 4 GiB of them. OutputError as in `restore_file`.
    """
    source, target = Path(source), Path(target)
    check_output(target)
    settings = restorer.settings_at(quality)
    if not overwrite and is_made(target, source, settings, origin_of_archive):
        return Record(str(source), str(target), "kept")
    began = time.perf_counter()
    failed: list[str] = []
    notes: Counter[str] = Counter()
    used: dict[str, set[str]] = {"model": set(), "engine": set(), "precision": set()}
    pages = 0
    with _reading(source) as archive:
        entries = _checked(source, archive)
        names = {entry.filename for entry in entries}
        ensure_folder(target.parent)
        with (
            atomic_output(target, overwrite=overwrite, mode=permissions(source)) as file,
            zipfile.ZipFile(file, "w") as output,
        ):
            for number, entry in enumerate(entries):

                def share(done: float, before: int = number) -> None:
                    progress((before + done) / len(entries))

                share(0.0)
                if entry.is_dir():
                    output.writestr(_like(entry, entry.filename), b"")
                    continue
                with tempfile.TemporaryDirectory(prefix="artifix-") as folder:
                    page = Path(folder, "page" + PurePosixPath(entry.filename).suffix)
                    if reason := _unpack(archive, entry, page):
                        failed.append(f"{entry.filename}: {reason}, and is left out")
                        continue
                    made, name = page, entry.filename
                    if _is_page(page, name):
                        pages += 1
                        restored = Path(folder, "restored", target_name(page))
                        try:
                            record = restorer.restore_file(
                                page, restored, quality=quality, max_pixels=max_pixels, salvage=salvage, progress=share
                            )
                        except ArtifixError as error:
                            said = str(error).replace(str(restored), "page").replace(str(page), "page")
                            failed.append(f"{name}: {said.removeprefix('page: ')}")
                        else:
                            notes.update(record.notes)
                            for field, values in used.items():
                                values |= {getattr(record, field)} - {""}
                            made, name = restored, _name_of(name, restored.suffix, names)
                    _add(output, _like(entry, name), made)
            old = without_origin(archive.comment)
            origin = dataclasses.replace(origin_of(source, settings), failed=len(failed))
            comment = old + b" " * bool(old) + origin.attributes.encode()
            if len(comment) <= _LONGEST_COMMENT:
                output.comment = comment
    copy_attributes(source, target, dates=keep_dates)
    progress(1.0)
    phrases = tuple(note if times == pages else f"{note} ({times} of {pages} pages)" for note, times in notes.items())
    ran = {name: ", ".join(sorted(values)) for name, values in used.items()}
    record = restorer.record(source, target, (0, 0), time.perf_counter() - began, notes=phrases, frames=pages, **ran)
    return dataclasses.replace(record, status="failed", error=_error(source, failed)) if failed else record


def origin_of_archive(path: Path) -> Origin | None:
    """What an archive's comment says of its making; its pages have origins of their own."""
    try:
        with _reading(path) as archive:
            return origin_in(archive.comment)
    except ImageError:
        return None


@contextmanager
def _reading(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with source.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(max(0, length - _END_BYTES - _LONGEST_COMMENT - 20))
            tail = file.read()
    except OSError as error:
        raise ImageError(f"{source}: {error.strerror or error}") from error
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        raise ImageError(f"{source}: not a ZIP archive, or a broken one")
    is_large = tail[max(0, end - 20) : end].startswith(_END64)
    if is_large or int.from_bytes(tail[end + 12 : end + 16], "little") > PIECES * _DIRECTORY_BYTES:
        raise ImageError(f"{source}: an archive with more files or bytes than artifix reads")
    try:
        archive = zipfile.ZipFile(source)
    except _BROKEN as error:
        raise ImageError(f"{source}: not a ZIP archive, or a broken one ({error})") from error
    with archive:
        yield archive


def _checked(source: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The entries of an archive; ImageError for one that is not to be unpacked."""
    entries = archive.infolist()
    if len(entries) > PIECES:
        raise ImageError(f"{source}: an archive of more than {PIECES:,} files")
    if sum(entry.file_size for entry in entries) > ARCHIVE_BYTES:
        raise ImageError(f"{source}: unpacks to more than {ARCHIVE_BYTES >> 30} GiB")
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if (
            path.is_absolute()
            or not path.parts
            or ".." in path.parts
            or any(sign in entry.filename for sign in "\\:\0")
        ):
            raise ImageError(f"{source}: the name {entry.filename!r} in it does not stay inside the archive")
        if entry.flag_bits & _ENCRYPTED:
            raise ImageError(f"{source}: is encrypted")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ImageError(f"{source}: {entry.filename} in it is a link")
    for name, times in Counter(entry.filename for entry in entries).items():
        if times > 1:
            raise ImageError(f"{source}: {name} is in it {times} times")
    return entries


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> str:
    """Unpack an entry into a file, no more than it says that it has; why it cannot be, or nothing."""
    try:
        with archive.open(entry) as packed, path.open("xb") as file:
            shutil.copyfileobj(packed, file)
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno:  # the disk's, not the archive's
            raise OutputError(f"{path.parent}: cannot be written ({error.strerror})") from error
        return f"cannot be unpacked ({error})"
    return ""


def _is_page(path: Path, name: str) -> bool:
    own = PurePosixPath(name)
    return not is_hidden(own.name) and reason_against(own.suffix.lower(), signature_of(path)) is None


def _name_of(name: str, suffix: str, names: set[str]) -> str:
    """The name of a page that was written with this suffix: its own, unless its format is not written."""
    path = PurePosixPath(name)
    if path.suffix.lower() == suffix.lower() or not path.suffix:
        return name
    new = str(path.with_suffix(suffix))
    return f"{name}{suffix}" if new in names else new


def _like(entry: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, entry.date_time)
    info.external_attr = entry.external_attr
    return info


def _add(output: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    if not _is_coded(path):
        info.compress_type = zipfile.ZIP_DEFLATED
    info.file_size = path.stat().st_size
    with path.open("rb") as file, output.open(info, "w") as packed:
        shutil.copyfileobj(file, packed)


def _is_coded(path: Path) -> bool:
    """Whether packing a file would gain nothing, as of a picture."""
    return signature_of(path) not in ("", "BMP")


def _error(source: Path, failed: list[str]) -> str:
    more = f"; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
    return f"{source}: {counted(len(failed), 'page')} not restored: {'; '.join(failed[:_SHOWN])}{more}"
