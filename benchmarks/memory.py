"""The most memory that a picture of each kind takes on its way from file to file, each in a process of its own.

    python benchmarks/memory.py --megapixels 100 --model mse --json results/memory.json

`--model none` leaves the network out, whose memory is bounded by --max-memory: what is left is the picture's own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.image import Picture, write_picture
from artifix.machine import machine
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer

NO_NETWORK: Final = "none"


def rows(side: int, kind: type, channels: int) -> np.ndarray:
    """A picture that compresses well, made without another of its size beside it."""
    ramp = (np.arange(side) % 251).astype(kind) * (np.iinfo(kind).max // 255)
    shape = (side, side) if channels == 1 else (side, side, channels)
    return np.broadcast_to(ramp.reshape(1, side, *[1] * (channels > 1)), shape).copy()


def alpha(side: int) -> np.ndarray:
    """Opaque but for one pixel."""
    opaque = np.full((side, side), 255, np.uint8)
    opaque[side // 2, side // 2] = 0
    return opaque


# Kind -> the suffix and what makes the picture of a side.
KINDS: Final[dict[str, tuple[str, Callable[[int], Picture]]]] = {
    "JPEG": (".jpg", lambda side: Picture(rows(side, np.uint8, 3), "RGB")),
    "grey JPEG": (".jpg", lambda side: Picture(rows(side, np.uint8, 1), "L")),
    "PNG": (".png", lambda side: Picture(rows(side, np.uint8, 3), "RGB")),
    "RGBA PNG": (".png", lambda side: Picture(rows(side, np.uint8, 3), "RGB", alpha(side))),
    "16-bit PNG": (".png", lambda side: Picture(rows(side, np.uint16, 3), "RGB")),
    "16-bit TIFF": (".tif", lambda side: Picture(rows(side, np.uint16, 3), "RGB")),
    "WebP": (".webp", lambda side: Picture(rows(side, np.uint8, 3), "RGB")),
}


def measure(kind: str, megapixels: float, model: str, folder: Path) -> dict[str, Any]:
    """Make a picture and restore it, both in processes of their own; the second one's peak."""
    own = [sys.executable, __file__, "--folder", str(folder), "--kind", kind, "--megapixels", str(megapixels)]
    subprocess.run([*own, "--do", "make"], check=True)
    process = subprocess.Popen([*own, "--do", "restore", "--model", model])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{kind}: restoring ended with status {process.returncode}")
    return {"kind": kind, "megapixels": megapixels, "model": model, "gib": round(usage.ru_maxrss / 2**20, 2)}


def do(what: str, kind: str, megapixels: float, model: str, folder: Path) -> None:
    """What a process is started for: to make the picture, or to restore it."""
    suffix, make = KINDS[kind]
    source, target = folder / f"in{suffix}", folder / f"out{suffix}"
    if what == "make":
        write_picture(source, make(round((megapixels * 1e6) ** 0.5)), overwrite=True)
        return
    restorer = Restorer("l4" if model == NO_NETWORK else model)
    if model == NO_NETWORK:
        restorer._run = lambda planes, rows, columns, *_: planes[rows.kept(), columns.kept()]  # type: ignore
    restorer.restore_file(source, target, overwrite=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=100.0)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--model", default="mse")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--do", choices=("make", "restore"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.do:
        do(given.do, given.kind[0], given.megapixels, given.model, given.folder)
        return
    measured = []
    for kind in given.kind or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            measured.append(measure(kind, given.megapixels, given.model, Path(folder)))
        print(f"{kind}: {measured[-1]['gib']} GiB at {given.megapixels:g} megapixels", flush=True)
    if given.json:
        found = {"commit": current_commit(), "date": today(), "machine": machine(), "measured": measured}
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
