"""Which output each input gets."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from artifix.errors import DataError, OutputError
from artifix.image import FORMATS, WRITABLE_SUFFIXES
from artifix.image.formats import EXTRA_FORMATS
from artifix.image.signature import signature_of
from artifix.restoration.record import Record
from artifix.restoration.selection import LeftAlone, in_words, select

DEFAULT_SUFFIX: Final = "-restored"

_SUFFIX_OF: Final = {format.name: format.suffixes[0] for format in (*FORMATS, *EXTRA_FORMATS)}


class Pair(NamedTuple):
    """A file to restore and the file that it becomes."""

    source: Path
    target: Path


@dataclass
class Pairing:
    """What a run is to do, and what it is not: files that it leaves alone, and records of those that it refuses."""

    pairs: list[Pair] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    refused: list[Record] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """A record for everything that is left alone or refused."""
        return [each.record for each in self.left_alone] + self.refused


class Wanted(NamedTuple):
    """The name that an input's output should have, and the longer one that it gets where two would meet."""

    pair: Pair
    longer: Path


def pair_up(
    inputs: Iterable[Path],
    output: Path | None,
    *,
    recursive: bool = False,
    suffix: str = "",
    others: Mapping[str, str] | None = None,
) -> Pairing:
    """The output of every input file, and of every picture in an input folder (`select` says what is one).

    `output` is a folder, which mirrors each input folder, or the output file of a single input file; None puts outputs
    beside their inputs, with `DEFAULT_SUFFIX` after their names. `suffix` replaces the end of an output's name:
    `-clean` comes before the input's own suffix, `.png` takes its place, `-clean.png` does both. What can be read
    but not written becomes PNG. `others` gives output suffixes for those of files that are no pictures; in folders such
    files are left alone. Where two outputs would have one name (`a.jpg` and `a.png` under `.png`), those whose suffix
    changes get longer ones (`a.jpg.png`); an input whose output still would be another's is refused.

    DataError if there is nothing to restore, OutputError for one file's name given to more, and for a suffix with
    a folder in it.
    """
    inputs, others = list(inputs), others or {}
    _check(suffix)
    if output is None and not _name_end(suffix, others):
        suffix = DEFAULT_SUFFIX + suffix
    elif output is not None and output.suffix and not output.is_dir():
        if len(inputs) == 1 and not inputs[0].is_dir():
            return Pairing([Pair(inputs[0], output)])
        if output.suffix.lower() in (*WRITABLE_SUFFIXES, *others.values()):
            raise OutputError(f"{output}: is the name of one picture, and there are more to write")
    found, wanted, empty = Pairing(), [], []
    for given in inputs:
        sources = [given]
        if given.is_dir():
            selection = select(
                given,
                recursive=recursive,
                videos=others,
                is_output=_output_test(given, output, _name_end(suffix, others)),
            )
            sources = selection.pictures
            found.left_alone += selection.left_alone
            for error in selection.closed:
                reason = f"{error.filename}: {error.strerror or error}"
                found.refused.append(Record(error.filename, "", "failed", error=reason))
            if not sources and not selection.closed:
                empty.append(Record(str(given), "", "failed", error=_no_pictures(given, selection.left_alone)))
        for source in sources:
            inside = source.relative_to(given).parent if given.is_dir() else Path()
            folder = source.parent if output is None else output / inside
            names = (target_name(source, suffix, others, whole=whole) for whole in (False, True))
            target, longer = (folder / name for name in names)
            wanted.append(Wanted(Pair(source, target), longer))
    if not wanted and empty and not found.refused:
        raise DataError(empty[0].error)
    real = cache(Path.resolve)  # the same folder is the same, however it was spelled
    found.pairs, clashes = settle(
        wanted, place=lambda path: real(path.parent) / path.name, drop_outputs=any(map(Path.is_dir, inputs))
    )
    found.refused += empty + clashes
    return found


def settle(
    wanted: Iterable[Wanted], place: Callable[[Path], Path] = lambda path: path, *, drop_outputs: bool = False
) -> tuple[list[Pair], list[Record]]:
    """One output for each input, and records of the inputs that cannot have one; the same input twice is one.

    `place` gives two spellings of a path as one. With `drop_outputs` an input that is itself the place of another's
    output is taken for what an earlier run made.
    """
    groups: dict[Path, dict[Path, Wanted]] = {}
    for each in wanted:
        groups.setdefault(place(each.pair.target), {}).setdefault(place(each.pair.source), each)
    pairs: list[Pair] = []
    longer: list[Pair] = []
    for target, group in groups.items():
        if len(group) > 1 and drop_outputs:
            group.pop(target, None)
        for each in group.values():
            keeps_suffix = each.pair.source.suffix.lower() == each.pair.target.suffix.lower()
            if len(group) == 1 or keeps_suffix:
                pairs.append(each.pair)
            else:
                longer.append(Pair(each.pair.source, each.longer))
    owners: dict[Path, Path] = {}
    settled, refused = [], []
    for pair in (*pairs, *longer):
        owner = owners.setdefault(place(pair.target), pair.source)
        if owner == pair.source:
            settled.append(pair)
        else:
            reason = f"{pair.source}: its output {pair.target} would be that of {owner}, too"
            refused.append(Record(str(pair.source), str(pair.target), "failed", error=reason))
    return settled, refused


def target_name(
    source: Path, suffix: str = "", others: Mapping[str, str] | None = None, *, whole: bool = False, format: str = ""
) -> str:
    """The name of a file's output, `suffix` and `others` being `pair_up`'s; OutputError for a suffix with a folder.

    With `whole`, the longer name that keeps the source's own suffix. `format` is what the file's first bytes say
    (`signature`), if that is known; otherwise a file is looked at whose suffix does not name a format.
    """
    _check(suffix)
    others = others or {}
    own = source.suffix.lower()
    if _names_format(suffix, others):
        return (source.name if whole else source.stem) + suffix
    if own in WRITABLE_SUFFIXES:
        return source.stem + suffix + source.suffix
    new = others.get(own) or _SUFFIX_OF.get(format or _format_of(source), ".png")
    return (source.name if whole or not own else source.stem) + suffix + new


def _format_of(source: Path) -> str:
    try:
        return "" if source.is_fifo() else signature_of(source)
    except OSError:  # restoring it says why
        return ""


def _output_test(folder: Path, output: Path | None, name_end: str) -> Callable[[Path], bool]:
    """Tells what an earlier run put into an input folder."""
    inner = _real(output or folder)
    beside = inner == _real(folder) and bool(name_end)
    # An output folder that the input contains is no input; one that contains the input says nothing.
    contained = _real(folder) in inner.parents

    def is_output(path: Path) -> bool:
        if beside and path.stem.endswith(name_end):
            return True
        return contained and (inner == _real(path) or inner in _real(path).parents)

    return is_output


def _no_pictures(folder: Path, left_alone: list[LeftAlone]) -> str:
    said = in_words(left_alone)
    return f"{folder}: no pictures in it" + (f" ({said})" if said else "")


def _names_format(suffix: str, others: Mapping[str, str]) -> bool:
    return Path(f"x{suffix}").suffix.lower() in (*WRITABLE_SUFFIXES, *others.values())


def _name_end(suffix: str, others: Mapping[str, str]) -> str:
    """What of a suffix comes before the file's own: `-clean` of `-clean.png`, nothing of `.png`."""
    return Path(f"x{suffix}").stem[1:] if _names_format(suffix, others) else suffix


def _check(suffix: str) -> None:
    if "/" in suffix or "\\" in suffix:
        raise OutputError(f"{suffix}: a suffix is the end of a name and cannot contain a folder")


def _real(path: Path) -> Path:
    """The path without links, as far as they lead anywhere; `Path.resolve` raises for a link to itself."""
    return Path(os.path.realpath(path))
