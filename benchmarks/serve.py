"""Measure the web server under load: many uploads at once, every answer compared with what the library restores.

    python benchmarks/serve.py --json results/serve.json [--uploads 60] [--width 320] [--height 240] [--note WORDS]

Then clients hang up while their pictures are worked on, and the time until their places are free is taken; then 500
small pictures follow, and the memory is read. `--note` says what else the machine was doing. It starts `artifix serve`
on loopback with its own limits, sends every upload from a thread of its own, and comes again as Retry-After says where
the queue is full. Each of the dozen pictures is sent several times, and restored once by the library. It ends within
five minutes on a busy machine, too: what does not happen in its time is counted, not waited for, and the series is cut
short, its number of pictures being in the results. The exit status is 1 if an answer is lost or wrong, a place not
given back, or a file left behind.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image
from skimage import data as samples

from artifix.codecs import encode
from artifix.machine import machine
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer

QUALITIES = (10, 20, 40, 70)
DISTINCT = 12  # pictures
PATIENCE = 120  # seconds for one answer
HANG_UPS = 5
UNTIL_FREE = 12  # seconds for a place to be given back, at most
SERIES = 500
ENOUGH = 180  # seconds after which the series ends
GLANCE = 0.02  # seconds


@dataclass(frozen=True)
class Answer:
    """What one client lived through."""

    data: bytes  # empty where there was none
    seconds: float  # from its first attempt to its answer
    refusals: int  # of the full queue


def main() -> None:
    """Measure, write the JSON file, and fail if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--uploads", type=int, default=60)
    parser.add_argument("--note", default="")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=240)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        distinct = write_pictures(folder, DISTINCT, options.height, options.width)
        pictures = [distinct[number % DISTINCT] for number in range(options.uploads)]
        with serving(folder) as server:
            server.post(pictures[0])  # which loads the model
            warm = server.peak_memory()
            say(f"{options.uploads} at once")
            began = time.perf_counter()
            answers = post_all(server, pictures)
            seconds = time.perf_counter() - began
            peak = server.peak_memory()
            say(f"{HANG_UPS} hang up")
            large = write_pictures(folder / "large", 1, 1200, 1600)[0]
            freed = [hang_up(server, large) for _ in range(HANG_UPS)]
            say(f"{SERIES} one after the other")
            series = post_series(server, write_pictures(folder / "small", DISTINCT, 120, 160), began + ENOUGH)
        left = len(list((folder / "temporary").iterdir()))
        say("compared with the library's")
        right = compare(folder, pictures, answers)
    latencies = sorted(answer.seconds for answer in answers)
    lost = sum(not answer.data for answer in answers)
    results = {
        "commit": current_commit(),
        "date": today(),
        "machine": machine(),
        "uploads": options.uploads,
        "megapixels_each": round(options.width * options.height / 1e6, 3),
        "lost": lost,
        "wrong": options.uploads - lost - right,
        "refused_and_come_again": sum(answer.refusals for answer in answers),
        "left_on_disk": left,
        "seconds": round(seconds, 2),
        "megapixels_per_second": round(options.uploads * options.width * options.height / 1e6 / seconds, 3),
        "latency_seconds": {
            "median": round(statistics.median(latencies), 2),
            "p95": round(float(np.quantile(latencies, 0.95)), 2),
            "longest": round(latencies[-1], 2),
        },
        "peak_gib": {"after_one": gib(warm), "after_all": gib(peak)},
        "hang_ups": {
            "clients": HANG_UPS,
            "never_free": freed.count(None),
            "place_free_after_seconds": summary([each for each in freed if each is not None]),
        },
        "series": series,
    }
    if options.note:
        results["note"] = options.note
    options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    if results["lost"] or results["wrong"] or left or None in freed or series["lost"]:
        sys.exit(1)


def say(words: str) -> None:
    """What is being done, on standard error."""
    print(words, file=sys.stderr, flush=True)


def summary(seconds: list[float]) -> dict[str, float]:
    """Median and longest, if there is any."""
    return {"median": round(statistics.median(seconds), 2), "longest": round(max(seconds), 2)} if seconds else {}


def hang_up(server: "Server", path: Path) -> float | None:
    """Seconds from when a client leaves, its picture being worked on, until the server has its place back; or None."""
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    request = httpx2.Request("POST", f"{server.url}api/restore", files={"file": (path.name, path.read_bytes())})
    body = request.read()
    head = f"POST /api/restore HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: {request.headers['content-type']}\r\n\r\n"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode() + body)
        if not happens(lambda: server.busy("working")):
            return None
    left = time.perf_counter()
    free = happens(lambda: not server.busy("arriving", "waiting", "working", "leaving"))
    return time.perf_counter() - left if free else None


def happens(what: Callable[[], object]) -> bool:
    """Whether it does in `UNTIL_FREE` seconds."""
    until = time.perf_counter() + UNTIL_FREE
    while time.perf_counter() < until:
        if what():
            return True
        time.sleep(GLANCE)
    return False


def post_series(server: "Server", pictures: list[Path], until: float) -> dict[str, float]:
    """Send the pictures again and again, one after the other; the resident memory on the way and at the end."""
    told: dict[str, float] = {"pictures": 0, "lost": 0}
    while told["pictures"] < SERIES and time.perf_counter() < until:
        told["lost"] += not server.post(pictures[int(told["pictures"]) % len(pictures)]).data
        told["pictures"] += 1
        if told["pictures"] == SERIES // 5:
            told[f"resident_gib_after_{SERIES // 5}"] = gib(server.memory())
    return told | {"resident_gib_at_the_end": gib(server.memory())}


def write_pictures(folder: Path, count: int, height: int, width: int) -> list[Path]:
    """JPEGs of scikit-image's astronaut, each moved by another amount, of several qualities."""
    folder.mkdir(exist_ok=True)
    astronaut = Image.fromarray(samples.astronaut()).resize((width, height), Image.Resampling.BICUBIC)
    paths = [folder / f"{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        image = np.roll(np.asarray(astronaut), 7 * number, axis=1)
        path.write_bytes(encode(image, quality=QUALITIES[number % len(QUALITIES)]))
    return paths


@dataclass(frozen=True)
class Server:
    """A running `artifix serve`."""

    url: str
    pid: int
    client: httpx2.Client
    """One for all threads: what each new one prepares for TLS costs more than a small picture."""

    def peak_memory(self) -> int:
        """The largest resident memory so far, in bytes; as Linux tells it."""
        return self._status("VmHWM")

    def memory(self) -> int:
        """The resident memory, in bytes; as Linux tells it."""
        return self._status("VmRSS")

    def busy(self, *states: str) -> int:
        """How many pictures are in one of these states."""
        health = self.client.get(f"{self.url}api/health").json()
        return sum(health[state] for state in states)

    def post(self, path: Path) -> Answer:
        """The answer to one picture, sent again and again while the queue is full."""
        began, refusals = time.perf_counter(), 0
        try:
            while time.perf_counter() - began < PATIENCE:
                files = {"file": (path.name, path.read_bytes())}
                answer = self.client.post(f"{self.url}api/restore", files=files)
                if answer.status_code != 429:
                    data = answer.content if answer.status_code == 200 else b""
                    return Answer(data, time.perf_counter() - began, refusals)
                refusals += 1
                time.sleep(int(answer.headers["Retry-After"]))
        except httpx2.HTTPError as error:
            say(f"{path.name}: {error!r}")
        return Answer(b"", time.perf_counter() - began, refusals)

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """The server on a free port of loopback, its temporary files below the folder, in `temporary`."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "artifix", "serve", "--port", "0", "--log", "off", *options]
    environment = os.environ | {"TMPDIR": str(temporary)}
    connections = httpx2.Limits(max_connections=None)
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process,
        httpx2.Client(timeout=PATIENCE, limits=connections) as client,
    ):
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process.pid, client)
        finally:
            process.send_signal(signal.SIGTERM)


def post_all(server: Server, pictures: list[Path]) -> list[Answer]:
    """Every picture from a thread of its own, all at the same moment."""
    together = threading.Barrier(len(pictures))

    def post_together(path: Path) -> Answer:
        together.wait()
        return server.post(path)

    with ThreadPoolExecutor(len(pictures)) as pool:
        return list(pool.map(post_together, pictures))


def compare(folder: Path, pictures: list[Path], answers: list[Answer]) -> int:
    """How many answers are, byte for byte, what the library writes."""
    restorer, expected = Restorer(), {}
    for path in set(pictures):
        target = folder / "restored.jpg"
        restorer.restore_file(path, target, overwrite=True)
        expected[path] = target.read_bytes()
    return sum(answer.data == expected[path] for path, answer in zip(pictures, answers, strict=True))


def gib(size: int) -> float:
    """Bytes in GiB, as the results have it."""
    return round(size / 2**30, 3)


if __name__ == "__main__":
    main()
