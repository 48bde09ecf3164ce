"""What a run over a folder at any address is to do: which pictures, and which of them are done already."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from artifix.errors import DataError, OutputError
from artifix.image import WRITABLE_SUFFIXES
from artifix.pool.manifest import Manifest, Row
from artifix.pool.remote import Folder, Found
from artifix.restoration.files import FileRestorer
from artifix.restoration.options import FileOptions
from artifix.restoration.pairing import Pair, Wanted, settle, target_name
from artifix.restoration.selection import LeftAlone, in_words, is_hidden, kind_of, reason_against


@dataclass(frozen=True)
class Job:
    """What every worker is given: the two folders' addresses, what restores, and how files are read and written."""

    source: str
    target: str
    restorer: FileRestorer
    options: FileOptions
    token: str
    """Of this run alone."""

    @property
    def settings(self) -> str:
        """All that decides what outputs hold, as `name=value` words."""
        return self.restorer.settings_at(self.options.quality)


@dataclass(frozen=True)
class Plan:
    """What a run would do: `todo` is restored, `refused` cannot have an output.

    `kept` has an output already, which a worker examines if the manifest does not have these settings for it.
    `left_alone` are files that are not pictures, or of a kind that cannot be read.
    """

    job: Job
    manifest: Manifest
    todo: list[Row]
    kept: list[Row]
    refused: list[Row]
    left_alone: list[LeftAlone]

    def __len__(self) -> int:
        return len(self.todo) + len(self.kept) + len(self.refused)


def plan(
    source: str,
    target: str,
    restorer: FileRestorer,
    options: FileOptions,
    *,
    recursive: bool = True,
    suffix: str = "",
    videos: Collection[str] = (),
) -> Plan:
    """Plan the restoration of a folder of pictures into one that mirrors it, both any address that fsspec opens.

    A picture is restored if it has no output, failed before, or has changed since by the manifest (its size, or its
    ETag or time), or if outputs are to be overwritten. `suffix` changes the outputs' names as `pair_up` says.

    A file with an unknown suffix is a picture if its first bytes are a picture's, as in `select`; `videos` are the
    suffixes of files other than pictures that can be restored when they are named.

    DataError for a folder that does not exist, cannot be listed or has no pictures, for an unknown kind of address and
    for a manifest that cannot be read; OutputError if the outputs would be among the pictures, and for options that a
    pool does not have.
    """
    if options.salvage or options.keep_dates:
        raise OutputError("a pool can neither salvage truncated pictures nor keep their dates")
    sources, targets, token = Folder(source), Folder(target), secrets.token_hex(8)
    inner = targets.within(sources)
    if inner == "":
        raise OutputError(f"{target}: is the input itself; give another output")
    there = {found.name for found in targets.find()}
    made = Plan(
        Job(sources.address(), targets.address(), restorer, options, token),
        Manifest(targets, there, token),
        todo=[],
        kept=[],
        refused=[],
        left_alone=[],
    )
    wanted: dict[Path, Found] = {}
    names = []
    for found in sources.find(recursive=recursive):
        if found.error:
            made.refused.append(
                Row(found.name, "", 0, "", "failed", error=f"{sources.address(found.name)}: {found.error}")
            )
            continue
        if inner and found.name.startswith(f"{inner}/"):
            continue
        path = Path(found.name)
        format = sources.signature(found.name) if _is_unknown(path, videos) else ""
        reason = reason_against(path.suffix.lower(), format, videos)
        if reason is not None:
            if not is_hidden(path.name):
                made.left_alone.append(LeftAlone(path, kind_of(path.name), reason))
            continue
        if not _can_be_named(found.name):
            shown = found.name.encode(errors="backslashreplace").decode()
            error = f"{sources.address(shown)}: its name cannot be an output's"
            made.refused.append(Row(shown, "", found.size, found.stamp, "failed", error=error))
            continue
        wanted[path] = found
        simple, longer = (
            path.with_name(target_name(path, suffix, whole=whole, format=format or "unknown"))
            for whole in (False, True)
        )
        names.append(Wanted(Pair(path, simple), longer))
    pairs, clashes = settle(names)
    for clash in clashes:
        found = wanted[Path(clash.input)]
        error = f"{sources.address(found.name)}: its output would be another picture's, too"
        made.refused.append(Row(found.name, clash.output, found.size, found.stamp, "failed", error=error))
    for source_path, target_path in sorted(pairs):
        found, output = wanted[source_path], target_path.as_posix()
        before = made.manifest.rows.get(found.name)
        if output in there and not options.overwrite and _is_current(before, found, output):
            made.kept.append(before or Row(found.name, output, found.size, found.stamp, "kept"))
        else:
            # It has failed until a worker says otherwise.
            made.todo.append(Row(found.name, output, found.size, found.stamp, "failed"))
    if not len(made):
        said = in_words(made.left_alone) or ("" if recursive else "folders below it: --recursive")
        nothing = "no pictures in it" + (f" ({said})" if said else "")
        raise DataError(f"{source}: {nothing if sources.is_there() else 'there is no such folder'}")
    return made


def _is_current(row: Row | None, found: Found, output: str) -> bool:
    """Whether the output that is there is of the source as it is; one without a row is taken for it."""
    if row is None:
        return True
    return row.status != "failed" and (row.output, row.input_bytes, row.stamp) == (output, found.size, found.stamp)


def _is_unknown(path: Path, videos: Collection[str]) -> bool:
    """Whether a file's suffix leaves open if it is a picture, so that its first bytes decide."""
    return path.suffix.lower() not in (*WRITABLE_SUFFIXES, *videos) and not is_hidden(path.name)


def _can_be_named(name: str) -> bool:
    """Whether an output may be named so: by text, with none of the ways out of its folder that a store's keys allow."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return not any(part in ("", ".", "..") for part in name.split("/")) and "\\" not in name
