"""Measure by turns: the machine's limits, our engines, a file from end to end, peers."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from artifix.bench.case import Case, run_apart
from artifix.bench.cases import Found
from artifix.bench.peers import Peer, find_peers
from artifix.bench.picture import DESCRIPTION, dead_leaves, sides
from artifix.codecs import encode
from artifix.engines.limits import KINDS, PRECISIONS
from artifix.errors import ModelError
from artifix.machine import cores, machine
from artifix.models.catalog import DEFAULT, read_card
from artifix.provenance import current_commit, today

SIZES: Final = (0.25, 1.0, 12.0, 24.0)  # megapixels
REPEATS: Final = 3
QUALITY: Final = 30  # of the JPEGs that are restored

# What each engine, by the name of its package, can do on a processor.
ENGINES: Final[dict[str, tuple[str, ...]]] = {
    "openvino": ("fp32", "bf16", "int8"),
    "onnxruntime": ("fp32",),
    "torch": ("fp32", "bf16"),
}

_ENOUGH: Final = 20.0  # seconds: a case that took so long in a round is not run in another
_LONGEST: Final = 100.0  # seconds: a picture that would take an engine longer is left out
_TELLING: Final = 0.1  # megapixels: of smaller pictures what a call costs by itself would be taken for their pixels

_CAMERA: Final = 12.0  # megapixels: of the sizes, the one nearest to it goes through files and peers, too
_PROGRAM: Final = "jpegqs"


@dataclass(frozen=True)
class Picture:
    """A JPEG to restore."""

    path: str
    megapixels: float


def measure(
    model: str = DEFAULT,
    sizes: Sequence[float] = SIZES,
    *,
    engines: Sequence[str] = tuple(ENGINES),
    repeats: int = REPEATS,
    threads: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """What results/bench.json holds: medians over `repeats` rounds, every other one backwards; what takes long, of one.

    `sizes` are the pictures', in megapixels; `threads` None takes every core, and more than there are is as many.
    `progress` takes the share done, 0..1. What is not installed, or fails, is left out, and `left_out` says why; what
    fails after a good round keeps that, and `failed` says why there are no more. ModelError if there is no such model.
    """
    card = read_card(model)
    threads = min(threads or cores(), cores())
    left_out = {engine: "not installed" for engine in engines if find_spec(engine) is None}
    engines = [engine for engine in engines if engine not in left_out]
    with tempfile.TemporaryDirectory(prefix="artifix-") as name:
        folder = Path(name)
        pictures = {f"{size:g}": _picture(folder, size) for size in sorted(sizes)}
        camera = min(pictures, key=lambda size: abs(float(size) - _CAMERA))
        peers, without = find_peers(folder)
        left_out |= without
        if shutil.which(_PROGRAM) is None:
            left_out[_PROGRAM] = "not on the PATH"
        cases = [
            *_limits(threads),
            *_engines(model, card.macs_per_pixel, engines, pictures, threads),
            _file(model, card.macs_per_pixel, pictures[camera], threads),
            *_peers(peers, pictures[camera], threads),
        ]
        records, reasons = _in_turns(cases, repeats, folder, progress)
    results: dict[str, Any] = {
        "commit": current_commit(),
        "date": today(),
        "machine": machine(),
        "threads": threads,
        "versions": _versions(["openvino", *engines]),
        "repeats": repeats,
        "picture": f"{DESCRIPTION}; as JPEG at quality {QUALITY}",
        "model": model,
        "macs_per_pixel": card.macs_per_pixel,
        "camera": camera,
        "left_out": left_out,
        "failed": {},
        "limits": {},
        "engines": {},
        "file": {},
        "peers": {},
    }
    for case, found in zip(cases, records, strict=True):
        if found:
            _put(results, case, found)
    for place, reason in reasons.items():
        kept = any(case.place == place and found for case, found in zip(cases, records, strict=True))
        results["failed" if kept else "left_out"][_name(place)] = reason
    return results


def _name(place: tuple[str, ...]) -> str:
    """What a place in the results is called: an engine or a peer by its own name."""
    return " ".join(place[1:] if place[0] in ("engines", "peers") else place)


def _limits(threads: int) -> Iterator[Case]:
    for precision in PRECISIONS:
        for kind in KINDS:
            arguments = {"kind": kind, "precision": precision, "threads": threads}
            yield Case(("limits", precision, kind), "limit", arguments)


def _engines(
    model: str, macs: int, engines: Sequence[str], pictures: Mapping[str, Picture], threads: int
) -> Iterator[Case]:
    for engine in engines:
        for precision in ENGINES[engine]:
            row = ("engines", f"{engine} {precision}")
            arguments = {"model": model, "engine": engine, "precision": precision, "threads": threads}
            yield Case((*row, "start"), "start", arguments)
            for size, picture in pictures.items():
                with_picture = arguments | {"picture": picture.path}
                yield Case((*row, "sizes", size), "restore", with_picture, picture.megapixels, macs)


def _file(model: str, macs: int, picture: Picture, threads: int) -> Case:
    arguments = {"model": model, "threads": threads, "picture": picture.path}
    facts = {"megabytes": round(Path(picture.path).stat().st_size / 1e6, 2)}
    return Case(("file",), "file", arguments, picture.megapixels, macs, facts)


def _peers(peers: Sequence[Peer], picture: Picture, threads: int) -> Iterator[Case]:
    for peer in peers:
        facts = {"weights": peer.weights, "channels": peer.card.channels, "macs_per_pixel": peer.card.macs_per_pixel}
        for precision in PRECISIONS if peer.card.ranges else ("fp32", "bf16"):
            arguments = {"model": peer.model, "engine": "openvino", "precision": precision, "threads": threads}
            arguments["picture"] = picture.path
            place = ("peers", f"{peer.name} {precision}")
            yield Case(place, "restore", arguments, picture.megapixels, peer.card.macs_per_pixel, facts)
    if shutil.which(_PROGRAM):
        arguments = {"name": _PROGRAM, "picture": picture.path}
        yield Case(("peers", _PROGRAM), "program", arguments, picture.megapixels)


def _in_turns(
    cases: Sequence[Case], repeats: int, folder: Path, progress: Callable[[float], None]
) -> tuple[list[list[Found]], dict[tuple[str, ...], str]]:
    """What each case found in each round until it failed; and why those did, by their places."""
    records: list[list[Found]] = [[] for _ in cases]
    failed: dict[tuple[str, ...], str] = {}
    paces: dict[tuple[str, ...], float] = {}  # seconds a megapixel, by row: of the largest picture so far
    for turn in range(repeats):
        order = list(enumerate(cases))[:: -1 if turn % 2 else 1]
        for count, (number, case) in enumerate(order, 1):
            row = case.place[:2]
            if row not in failed and case.place not in failed and _taken(records[number]) < _ENOUGH:
                try:
                    if not turn:
                        _foresee(case, paces.get(row, 0.0))
                    found = _run(case, folder)
                    records[number].append(found)
                    if case.kind == "restore" and case.megapixels >= _TELLING:
                        paces[row] = float(found["seconds"]) / case.megapixels
                except ModelError as error:
                    # What does not even start has no figures at all.
                    failed[row if case.kind == "start" and not turn else case.place] = str(error)
            progress((turn + count / len(cases)) / repeats)
    return records, failed


def _taken(records: Sequence[Found]) -> float:
    """The longest that a case took in any round, seconds."""
    return max((float(record.get("seconds", 0)) for record in records), default=0.0)


def _foresee(case: Case, pace: float) -> None:
    """ModelError if a picture would take too long at what the row took for another, in seconds a megapixel."""
    if pace * case.megapixels > _LONGEST:
        raise ModelError(f"would take {pace * case.megapixels:.0f} s")


def _run(case: Case, folder: Path) -> Found:
    if case.kind != "start":
        return run_apart(case, folder, folder / "compiled")
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        found: Found = {}
        for state in ("cold", "warm"):  # without, then with the compiled network of the first
            began = time.perf_counter()
            load = run_apart(case, folder, Path(cache))["load_seconds"]
            found |= {f"{state}_seconds": time.perf_counter() - began, f"{state}_load_seconds": load}
    return found


def _put(results: dict[str, Any], case: Case, records: Sequence[Found]) -> None:
    """Put a case's medians in their place, with what follows from them and the machine's limits."""
    figures: dict[str, Any] = dict(case.facts)
    for name, first in records[0].items():
        numbers = [float(record[name]) for record in records if not isinstance(first, str)]
        figures[name] = _rounded(statistics.median(numbers)) if numbers else first
    if "seconds" in figures:
        figures["rounds"] = [_rounded(float(record["seconds"])) for record in records]
        figures["megapixels_per_second"] = _rounded(case.megapixels / figures["seconds"])
    if case.macs_per_pixel:
        gflops = 2 * case.macs_per_pixel * case.megapixels / 1e3 / figures["seconds"]
        precision = figures.get("precision") or case.arguments["precision"]
        limits = [limit["gflops"] for limit in results["limits"].get(precision, {}).values()]
        figures["gflops"] = _rounded(gflops)
        if limits:
            figures["share_of_limit"] = _rounded(gflops / max(limits))
    place = results
    for name in case.place[:-1]:
        place = place.setdefault(name, {})
    place[case.place[-1]] = figures


def _versions(modules: Sequence[str]) -> dict[str, str]:
    """Those of the packages that modules come from, which need not be called as they are: onnxruntime-gpu, for one."""
    packages = packages_distributions()
    return {module: version(packages[module][0]) for module in modules}


def _picture(folder: Path, megapixels: float) -> Picture:
    height, width = sides(megapixels)
    path = folder / f"{megapixels:g}.jpg"
    path.write_bytes(encode(dead_leaves(height, width), quality=QUALITY))
    return Picture(str(path), height * width / 1e6)


def _rounded(value: float) -> float:
    """Four digits: more is noise."""
    return float(f"{value:.4g}")
