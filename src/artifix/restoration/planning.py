"""What a run over a folder at any address is to do: which pictures, and which of them are done already."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifix.errors import DataError, OutputError
from artifix.image import MAX_PIXELS, WRITABLE_SUFFIXES
from artifix.restoration.manifest import Manifest, Row
from artifix.restoration.pairing import Pair, Wanted, settle, target_name
from artifix.restoration.remote import Folder, Found
from artifix.restoration.selection import LeftAlone, in_words, is_hidden, kind_of, reason_against


@dataclass(frozen=True)
class Job:
    """What a worker must know; `restorer` holds the arguments of `load_restorer`, `token` is this run's own."""

    source: str
    target: str
    restorer: Mapping[str, Any]
    quality: int | None
    max_pixels: int
    token: str


@dataclass(frozen=True)
class Plan:
    """What a run would do: `todo` is restored, `refused` cannot have an output.

    `kept` is there already; where the manifest does not say that it was made with these settings, a worker looks.

    `left_alone` are files that are no pictures, or of a kind that cannot be read.
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
    *,
    restorer: Mapping[str, Any],
    recursive: bool = True,
    suffix: str = "",
    videos: Collection[str] = (),
    overwrite: bool = False,
    quality: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Plan:
    """What there is to do for a folder of pictures and the one that is to mirror it, both any address of fsspec's.

    To do is what has no output, failed before, or changed since by the manifest (its size, or its ETag or time).
    `overwrite` does everything again.

    A file with an unknown suffix is a picture if its first bytes say so, as `select` has it;
    `videos` are the suffixes of videos.

    DataError for a folder that is not there, cannot be listed or has no pictures, an unknown kind of address and a
    manifest that cannot be read; OutputError if the outputs would be among the pictures.
    """
    sources, targets, token = Folder(source), Folder(target), secrets.token_hex(8)
    inner = targets.within(sources)
    if inner == "":
        raise OutputError(f"{target}: is the input itself; give another output")
    there = {found.name for found in targets.find()}
    made = Plan(
        Job(sources.address(), targets.address(), dict(restorer), quality, max_pixels, token),
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
        if output in there and not overwrite and _is_current(before, found, output):
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
