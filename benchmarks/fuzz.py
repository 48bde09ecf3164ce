"""Files from strangers: restore mutated pictures and count how each ends.

    python benchmarks/fuzz.py [--count 10000] [--seed 0] [--keep FOLDER] --json results/reliability.json

Every file must end as a whole picture or as one of our errors that names it, within 10 seconds and 2 GiB, with the
input untouched and nothing else left; pictures above one megapixel must be refused. Files that end otherwise are kept
in FOLDER. Each worker is a process of its own, so that a crash or a hang is a count and not the end of the run.
"""

import argparse
import io
import multiprocessing as mp
import random
import resource
import struct
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np
from measured import add_results
from PIL import Image, ImageCms

from artifix.errors import ArtifixError
from artifix.restoration import Restorer

SECONDS: Final = 10.0  # for one file
MEMORY: Final = 2 << 30  # bytes resident
PIXELS: Final = 1 << 20  # a header may truly promise more, and then restoring takes its time
GOOD: Final = ("restored", "refused")
WIDTH, HEIGHT = 83, 61  # of the seeds: unusual, so that headers can be found by their values
EXTREMES: Final = (0, 1, 2, 255, 1000, 16383, 40000, 65535, 2**24 - 1, 2**31 - 1, 2**32 - 1)


def main() -> None:
    """Mutate, restore, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    found = fuzz(options.count, options.seed, options.workers, options.keep)
    add_results(options.json, "pictures", found | {"count": options.count, "seed": options.seed})
    print(found)


def fuzz(
    count: int,
    seed: int,
    workers: int = 1,
    keep: Path | None = None,
    originals: dict[str, bytes] | None = None,
    make_worker: "Callable[[], Worker] | None" = None,
) -> dict[str, Any]:
    """How `count` mutated files end: counts by outcome, the slowest file's seconds, the largest worker's bytes.

    They are made of `originals`, by default of the pictures of `seeds`, and go to such workers as `make_worker` makes.
    """
    originals, make_worker = originals or seeds(), make_worker or Worker
    counts: Counter[str] = Counter()
    slowest = largest = 0.0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        shares = [
            pool.submit(
                _share, make_worker, originals, range(first, count, workers), seed, Path(folder) / str(first), keep
            )
            for first in range(workers)
        ]
        for share in shares:
            of_share, seconds, memory = share.result()
            counts.update(of_share)
            slowest, largest = max(slowest, seconds), max(largest, memory)
    return {
        "outcomes": dict(sorted(counts.items())),
        "lost": sum(number for outcome, number in counts.items() if outcome not in GOOD),
        "slowest_seconds": round(slowest, 2),
        "peak_gib": round(largest / 2**30, 2),
    }


def _share(
    make_worker: "Callable[[], Worker]",
    originals: dict[str, bytes],
    numbers: range,
    seed: int,
    folder: Path,
    keep: Path | None,
) -> tuple[Counter[str], float, float]:
    folder.mkdir()
    counts: Counter[str] = Counter()
    slowest = largest = 0.0
    with make_worker() as worker:
        for number in numbers:
            name, data = mutated(originals, random.Random(f"{seed}/{number}"))
            end = worker.restore(folder, name, data)
            counts[end.outcome] += 1
            slowest, largest = max(slowest, end.seconds), max(largest, end.memory)
            if end.outcome not in GOOD and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}-{end.outcome}-{name}").write_bytes(data)
                (keep / f"{number}-{end.outcome}.txt").write_text(end.reason)
    return counts, slowest, largest


# The seeds.


def seeds() -> dict[str, bytes]:
    """Small whole files of every format that is read, by file name."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rgb = np.stack((x * 3, y * 4, (x * y) % 256), axis=2).astype(np.uint8)
    colour = Image.fromarray(rgb)
    grey, alpha = colour.convert("L"), Image.fromarray(rgb).convert("RGBA")
    alpha.putalpha(grey)
    deep = Image.fromarray((x * 700 + y).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pictures: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "baseline.jpg": (colour, {"quality": 60}),
        "progressive.jpg": (colour, {"quality": 60, "progressive": True}),
        "full.jpg": (colour, {"quality": 80, "subsampling": 0}),
        "grey.jpg": (grey, {}),
        "cmyk.jpg": (colour.convert("CMYK"), {}),
        "exif.jpg": (colour, {"exif": exif, "icc_profile": icc}),
        "colour.png": (colour, {"exif": exif, "icc_profile": icc}),
        "alpha.png": (alpha, {}),
        "palette.png": (colour.quantize(16), {"transparency": 3}),
        "deep.png": (deep, {}),
        "lossy.webp": (alpha, {"quality": 50, "exif": exif}),
        "lossless.webp": (colour, {"lossless": True}),
        "plain.tif": (colour, {"icc_profile": icc}),
        "lzw.tif": (alpha, {"compression": "tiff_lzw"}),
        "deflate.tif": (deep, {"compression": "tiff_adobe_deflate"}),
        "colour.avif": (colour, {"exif": exif}),
        "colour.jp2": (colour, {}),
        "palette.gif": (colour.quantize(32), {}),
        "colour.bmp": (colour, {}),
    }
    return {name: _encoded(name, *picture) for name, picture in pictures.items()}


def _encoded(name: str, picture: Image.Image, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    picture.save(file, Image.registered_extensions()[Path(name).suffix], **options)
    return file.getvalue()


# The mutations: each takes the bytes and a source of chance, and gives other bytes.


def mutated(originals: dict[str, bytes], chance: random.Random) -> tuple[str, bytes]:
    """A file name and what one to three mutations made of a seed; one name in ten lies about the format."""
    name = chance.choice(list(originals))
    data = originals[name]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice((flip_bits, cut, overwrite, overwrite, splice, repeat, lie_of_size, stuff_metadata))
        data = mutation(data, chance, originals)
    if data.startswith(b"\x89PNG") and chance.random() < 0.7:
        data = _with_right_sums(data)  # else the checksum alone would refuse it
    if chance.random() < 0.1:
        name = Path(name).stem + Path(chance.choice(list(originals))).suffix
    return name, data


def flip_bits(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """One to thirty bits turned over, anywhere."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 30) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """The end missing, or a piece in the middle."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] if chance.random() < 0.5 else data[:start] + data[end:]


def overwrite(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """A number in the header replaced by an extreme one."""
    form = chance.choice((">H", "<H", ">I", "<I", "B"))
    size = struct.calcsize(form)
    value = struct.pack(form, chance.choice(EXTREMES) % 256**size)
    place = chance.randrange(max(1, min(len(data), 400)))
    return data[:place] + value + data[place + size :]


def splice(data: bytes, chance: random.Random, originals: dict[str, bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = chance.choice(list(originals.values()))
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def repeat(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """A piece said many times over."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end][:2000] * chance.randint(1, 100) + data[end:]


def lie_of_size(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """The header's width or height, found by its value, made extreme."""
    for true in chance.choice(((WIDTH,), (HEIGHT,), (WIDTH, HEIGHT))):
        lie = chance.choice(EXTREMES)
        for form in (">I", "<I", ">H", "<H"):
            limit = 256 ** struct.calcsize(form)
            data = data.replace(struct.pack(form, true), struct.pack(form, min(lie, limit - 1)))
        data = data.replace((true - 1).to_bytes(3, "little"), min(lie, 2**24 - 1).to_bytes(3, "little"))  # WebP
    return data


def stuff_metadata(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """Metadata too deep, in circles, too many or too large when unpacked."""
    circle = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    body = chance.choice((circle, chance.randbytes(500), b"<x>" * 5000, b"\0" * 60000))
    if data.startswith(b"\xff\xd8"):
        marker, start = chance.choice(
            ((0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0\x01\x02"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0"))
        )
        segment = struct.pack(">BBH", 0xFF, marker, 2 + len(start + body)) + start + body
        return data[:2] + segment * chance.choice((1, 3, 300)) + data[2:]
    if data.startswith(b"\x89PNG"):
        bomb = zlib.compress(bytes(chance.choice((10**3, 10**6, 10**8))))
        kind, content = chance.choice(
            (
                (b"eXIf", body),
                (b"iCCP", b"profile\0\0" + bomb),
                (b"zTXt", b"Comment\0\0" + bomb),
                (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
            )
        )
        return data[:33] + _chunk(kind, content) * chance.choice((1, 20)) + data[33:]
    place = chance.randrange(len(data) + 1)
    return data[:place] + body + data[place:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _with_right_sums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what now stands in them."""
    fixed, place = data[:8], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if place + 12 + length > len(data):
            break
        fixed += _chunk(data[place + 4 : place + 8], data[place + 8 : place + 8 + length])
        place += 12 + length
    return fixed + data[place:]


# The worker.


@dataclass(frozen=True)
class End:
    """How one file ended: the outcome, why, after how many seconds, with how many bytes resident in the worker."""

    outcome: str
    reason: str = ""
    seconds: float = 0.0
    memory: float = 0.0


class Worker:
    """A process that restores one file after another, and is started anew when one was its end."""

    suffix = ".png"  # of what it writes

    @staticmethod
    def is_whole(path: Path) -> bool:
        """Whether the output can be read from end to end."""
        try:
            with Image.open(path) as picture:
                picture.load()
        except OSError:
            return False
        return True

    @staticmethod
    def restorer() -> Callable[[Path, Path], object]:
        """What restores a file into another, in the process."""
        return partial(Restorer(threads=1).restore_file, max_pixels=PIXELS)

    def __enter__(self) -> "Worker":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def restore(self, folder: Path, name: str, data: bytes) -> End:
        """Restore these bytes under this name in an empty folder, look at what is there then, and empty it."""
        source, target = folder / name, folder / "restored" / f"{Path(name).stem}{self.suffix}"
        source.write_bytes(data)
        end = self._ask(source, target)
        left = {path for path in folder.rglob("*") if path.is_file()} - {source}
        if source.read_bytes() != data:
            end = End("input changed")
        elif end.outcome in GOOD and left != ({target} if end.outcome == "restored" else set()):
            end = End("leftovers", str(left))
        elif end.outcome == "restored" and not self.is_whole(target):
            end = End("broken output")
        for path in (*left, source):
            path.unlink()
        return end

    def _ask(self, source: Path, target: Path) -> End:
        try:
            self.pipe.send((source, target))
            if self.pipe.poll(SECONDS):
                end: End = self.pipe.recv()
                return end if end.memory < MEMORY else self._ended("too much memory", f"{end.memory / 2**30:.1f} GiB")
        except (EOFError, OSError):  # the other end is gone
            return self._ended("crashed", f"exit {self.process.exitcode}")
        return self._ended("hung", f"after {SECONDS} s")

    def _ended(self, outcome: str, reason: str) -> End:
        self._stop()
        self._start()
        return End(outcome, reason)

    def _start(self) -> None:
        spawn = mp.get_context("spawn")  # a fork would take the threads' locks with it
        self.pipe, far = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(far, self.restorer), daemon=True)
        self.process.start()
        far.close()
        self.pipe.recv()  # ready

    def _stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, make_restorer: Callable[[], Callable[[Path, Path], object]]) -> None:
    import time
    import traceback

    restore = make_restorer()
    pipe.send("ready")
    with suppress(EOFError):
        while True:
            source, target = pipe.recv()
            began = time.perf_counter()
            outcome, reason = "restored", ""
            try:
                restore(source, target)
            except ArtifixError as error:
                outcome, reason = "refused", str(error)
                if "\n" in reason or source.name not in reason:
                    outcome = "unclear error"
            except BaseException:
                outcome, reason = "traceback", traceback.format_exc()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            pipe.send(End(outcome, reason, time.perf_counter() - began, memory))


if __name__ == "__main__":
    main()
