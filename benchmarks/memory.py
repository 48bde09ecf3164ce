"""The most memory that a picture of each kind takes on its way from file to file, all processes together.

    python benchmarks/memory.py --megapixels 100 200 --model fast --json results/reliability.json

Each is restored by the command, and two at once by the server. What is counted, ten times a second, is the proportional
set size of a process and its children, so what they share counts once (Linux). The pages of files on a disk, which the
system takes back when it needs them, do not count; the folder of temporary files must be on one.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.image import Picture, write_picture
from artifix.image.picture import Space
from artifix.provenance import add_results

MAX_PIXELS: Final = 2_000_000_000
UPLOAD_MEGAPIXELS: Final = 64
_GLANCE: Final = 0.1  # seconds


def rows(height: int, width: int, kind: type = np.uint8, channels: int = 3) -> np.ndarray:
    """A picture that compresses well, made without another of its size beside it."""
    ramp = (np.arange(width) % 251).astype(kind) * (np.iinfo(kind).max // 255)
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.broadcast_to(ramp.reshape(1, width, *[1] * (channels > 1)), shape).copy()


def picture(height: int, width: int, kind: type = np.uint8, channels: int = 3, *, clear: bool = False) -> Picture:
    """Such a picture, on request with an alpha that is opaque but for one pixel."""
    alpha: np.ndarray | None = None
    if clear:
        alpha = np.full((height, width), np.iinfo(kind).max, kind)
        alpha[height // 2, width // 2] = 0
    space: Space = "L" if channels == 1 else "RGB"
    return Picture(rows(height, width, kind, channels), space, alpha)


def halved(path: Path, made: Picture) -> None:
    """A JPEG whose chroma has half of the picture's columns and rows."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    Image.fromarray(made.pixels).save(path, quality=75, subsampling="4:2:0")


def as_it_is(path: Path, made: Picture) -> None:
    """In full chroma, and without loss where the format can."""
    write_picture(path, made, overwrite=True, quality=75 if path.suffix == ".jpg" else None)


# Kind -> the suffix, what makes the picture of a height and a width, and what writes it.
KINDS: Final[dict[str, tuple[str, Callable[[int, int], Picture], Callable[[Path, Picture], None]]]] = {
    "JPEG, 4:2:0": (".jpg", picture, halved),
    "JPEG, 4:4:4": (".jpg", picture, as_it_is),
    "grey JPEG": (".jpg", partial(picture, channels=1), as_it_is),
    "PNG": (".png", picture, as_it_is),
    "PNG with a clear pixel": (".png", partial(picture, clear=True), as_it_is),
    "16-bit PNG": (".png", partial(picture, kind=np.uint16), as_it_is),
    "16-bit PNG with a clear pixel": (".png", partial(picture, kind=np.uint16, clear=True), as_it_is),
    "16-bit TIFF": (".tif", partial(picture, kind=np.uint16), as_it_is),
    "WebP": (".webp", picture, as_it_is),
}


def make(kind: str, height: int, width: int, folder: Path) -> Path:
    """The file of a picture of a kind."""
    suffix, made, write = KINDS[kind]
    path = folder / f"in{suffix}"
    write(path, made(height, width))
    return path


def measure(kind: str, height: int, width: int, model: str) -> dict[str, Any]:
    """Make a picture and restore it by the command, and see what that takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = [sys.executable, __file__, "--make", kind, str(height), str(width), name]
        subprocess.run(own, check=True)
        (source,) = folder.iterdir()
        command = [sys.executable, "-m", "artifix", "restore", str(source), "-o", str(folder / f"out{source.suffix}")]
        command += ["--model", model, "--force", "--max-pixels", str(MAX_PIXELS)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with Watch(process.pid) as watch:
            if process.wait():
                raise SystemExit(f"{kind}: restoring ended with status {process.returncode}")
        found = {"kind": kind, "width": width, "height": height, "gib": round(watch.peak / 2**30, 2)}
    print(f"{kind}: {found['gib']} GiB at {width} x {height}", flush=True)
    return found


def measure_uploads() -> dict[str, Any]:
    """Have the server take two pictures with a clear pixel at once, and leave them as they are: they are clean."""
    side = round((UPLOAD_MEGAPIXELS * 1e6) ** 0.5)
    with tempfile.TemporaryDirectory() as name:
        content = make("PNG with a clear pixel", side, side, Path(name)).read_bytes()
    command = [sys.executable, "-m", "artifix", "serve", "--port", "0", "--log", "off", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        boundary = "picture"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        request = urllib.request.Request(
            f"{address}api/restore",
            data=body,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        try:
            with Watch(process.pid) as watch, ThreadPoolExecutor(2) as clients:
                for answer in clients.map(lambda _: urllib.request.urlopen(request).read(), range(2)):
                    assert answer[1:4] == b"PNG"
        finally:
            process.terminate()
    found = {"kind": "two such PNGs at once, by the server", "width": side, "height": side}
    found["gib"] = round(watch.peak / 2**30, 2)
    print(f"{found['kind']}: {found['gib']} GiB", flush=True)
    return found


class Watch:
    """The most memory that a process and its children take while the context lasts, in bytes: `peak`."""

    def __init__(self, process: int) -> None:
        self.process, self.peak = process, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_GLANCE):
            self.peak = max(self.peak, sum(map(_proportional, _with_children(self.process))))


def _with_children(process: int) -> list[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = [process]
    for parent in found:  # which grows meanwhile
        found += [child for child, own in parents.items() if own == parent]
    return found


def _proportional(process: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[100.0])
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--model", default="fast")
    parser.add_argument("--uploads", action="store_true", help="measure two uploads at once, too")
    parser.add_argument("--wide", action="store_true", help="measure 16384 x 8192 pixels, too")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--make", nargs=4, metavar=("KIND", "HEIGHT", "WIDTH", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        kind, height, width, folder = given.make
        make(kind, int(height), int(width), Path(folder))
        return
    sides = [round((megapixels * 1e6) ** 0.5) for megapixels in given.megapixels]
    wanted = [(kind, side, side) for kind in given.kind or KINDS for side in sides if side < 16_384 or kind != "WebP"]
    if given.wide:
        wanted += [(kind, 8192, 16_384) for kind in ("JPEG, 4:4:4", "PNG with a clear pixel")]
    measurements = [partial(measure, *each, given.model) for each in wanted]
    measurements += [measure_uploads] * given.uploads
    found = []
    for take in measurements:
        found.append(take())
        if given.json:
            add_results(given.json, "memory", {"model": given.model, "rows": found})


if __name__ == "__main__":
    main()
