"""Killed at any moment: `kill -9` the raters' page and the web server again and again, and look at what is left.

    python tests/stress/kills_servers.py [--count 50] [--seed 0] --json results/reliability.json

The moments lie anywhere between the start of the process and two seconds after its first answer. Simulated raters and
uploading clients go on all the while. Every acknowledged rating must be there, once and as it was given; every answer
that a client has whole must be what the library writes; no input may change, and the server must start again each time.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx2
from kills import ARTIFIX, contents, make_pictures

from artifix.evaluate.methods import JPEG, Method
from artifix.provenance import add_results
from artifix.restoration import Restorer
from artifix.study.design import create_study
from artifix.study.store import read_ratings

AFTER: Final = 2.0  # seconds after the first answer, at most
PATIENCE: Final = 120.0  # seconds, for a start and for an answer
CLIENTS: Final = 3


def main() -> None:
    """Kill, look, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    for name, experiment in {"study": kill_studies, "web": kill_web_servers}.items():
        with tempfile.TemporaryDirectory() as folder:
            found = experiment(Path(folder), options.count, random.Random(options.seed))
        add_results(options.json, f"killed_{name}", found | {"count": options.count, "seed": options.seed})
        print(name, found, flush=True)


def kill_studies(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    """A study of eight pictures by two methods, and raters who begin anew when they have finished."""
    make_pictures(folder / "in", 9, side=64)
    study = folder / "study"
    create_study(folder / "in", [JPEG, Method("darker", lambda degraded, file: degraded // 2)], study, images=8)
    pictures = contents(study / "pictures")
    server = Server("study", "serve", str(study), ready="api/study")
    acknowledged: dict[tuple[str, int], float] = {}
    found = {"ratings_lost": 0, "ratings_doubled": 0, "pictures_changed": 0, "killed_while_rating": 0}

    def rate(which: int, stop: threading.Event) -> None:
        rater: dict[str, Any] = {"trial": None}
        given = 0
        while not stop.is_set():
            if not rater["trial"]:
                rater = ask(stop, "POST", f"{server.url}api/raters", {"consent": True, "simulated": True}) or rater
                continue
            number = rater["done"] + 1
            score = 100 / CLIENTS * which + given / 1000  # no two alike
            url = f"{server.url}api/raters/{rater['token']}/trials/{number}"
            answer = ask(stop, "PUT", url, {"score": score, "seconds": 1, "scale": 1})
            if answer:
                acknowledged[rater["token"], number] = score
                rater, given = answer, given + 1

    def look(before: int) -> None:
        given = Counter(acknowledged.copy().values())
        kept = read_ratings(study)
        found["ratings_lost"] += sum((given - Counter(rating.score for rating in kept)).values())
        found["ratings_doubled"] += len(kept) - len({(rating.rater, rating.number) for rating in kept})
        found["pictures_changed"] += contents(study / "pictures") != pictures
        found["killed_while_rating"] += sum(given.values()) > before

    refused = kill_again_and_again(server, count, chance, rate, lambda: len(acknowledged), look)
    return found | {"starts_refused": refused, "ratings": len(acknowledged)}


def kill_web_servers(folder: Path, count: int, chance: random.Random) -> dict[str, Any]:
    """Clients who restore one picture after another."""
    inputs = make_pictures(folder / "in", 6, side=128)
    restorer = Restorer()
    expected = {}
    for path in inputs:
        restorer.restore_file(folder / "in" / path, folder / "whole" / path)
        expected[path] = (folder / "whole" / path).read_bytes()
    (folder / "temporary").mkdir()
    server = Server("serve", ready="api/health", temporary=folder / "temporary")
    found = {"inputs_changed": 0, "answers_wrong": 0, "answers": 0, "killed_at_work": 0}
    lock = threading.Lock()

    def upload(which: int, stop: threading.Event) -> None:
        turn = which
        while not stop.is_set():
            turn += 1
            path = list(inputs)[turn % len(inputs)]
            try:
                with (folder / "in" / path).open("rb") as file:
                    answer = httpx2.post(
                        f"{server.url}api/restore", files={"file": (path.name, file)}, timeout=PATIENCE
                    )
            except httpx2.HTTPError:  # killed
                time.sleep(0.05)
                continue
            with lock:
                found["answers"] += 1
                found["answers_wrong"] += answer.content != expected[path]

    def look(before: int) -> None:
        found["killed_at_work"] += any((folder / "temporary").iterdir())
        for left in (folder / "temporary").iterdir():  # what was at work; nobody but the system clears that away
            shutil.rmtree(left)
        found["inputs_changed"] += contents(folder / "in") != inputs

    refused = kill_again_and_again(server, count, chance, upload, lambda: found["answers"], look)
    return found | {"starts_refused": refused}


def kill_again_and_again(
    server: "Server",
    count: int,
    chance: random.Random,
    client: Callable[[int, threading.Event], None],
    progress: Callable[[], int],
    look: Callable[[int], None],
) -> int:
    """Start and kill a server `count` times under clients, look after each kill, and let it run in the end.

    `look` hears what `progress` was before the start. Gives how many starts led to nothing, and clients failed.
    """
    stop, refused = threading.Event(), 0
    failed: list[Exception] = []

    def attend(which: int) -> None:
        try:
            client(which, stop)
        except Exception as error:
            print(f"a client failed: {error!r}", file=sys.stderr)
            failed.append(error)

    started = server.start()
    clients = [threading.Thread(target=attend, args=(which,)) for which in range(CLIENTS)]
    for thread in clients:
        thread.start()
    try:
        for number in range(count):
            before = progress()
            if number:
                server.launch()
            time.sleep(chance.uniform(0.0, AFTER if number == 0 else started + AFTER))
            refused += not server.kill()
            look(before)
        before = progress()
        try:
            server.start()
            deadline = time.monotonic() + PATIENCE
            while progress() < before + CLIENTS and time.monotonic() < deadline:
                time.sleep(0.05)
        except TimeoutError:
            pass
        refused += progress() < before + CLIENTS
    finally:
        stop.set()
        for thread in clients:
            thread.join()
        server.kill()
    return refused + len(failed)


class Server:
    """An `artifix` server at one port, as a process of its own."""

    def __init__(self, *command: str, ready: str, temporary: Path | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.command, self.ready = [*ARTIFIX, *command, "--port", str(port)], ready
        self.url = f"http://127.0.0.1:{port}/"
        self.environment = os.environ | ({"TMPDIR": str(temporary)} if temporary else {})
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process, and wait for nothing."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env=self.environment)

    def start(self) -> float:
        """Start the process; the seconds until its first answer. TimeoutError if there is none."""
        self.launch()
        assert self.process is not None
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}{self.ready}", timeout=PATIENCE).close()
            except OSError:
                time.sleep(0.05)
            else:
                return time.monotonic() - began
        raise TimeoutError("the server does not answer")

    def kill(self) -> bool:
        """SIGKILL; whether there was a process to kill."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return True


def ask(stop: threading.Event, method: str, url: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """The answer in JSON, however long the server is away; None if it has not come when all is to stop."""
    headers = {"Content-Type": "application/json"}
    while not stop.is_set():
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except urllib.error.HTTPError:
            raise
        except (OSError, ValueError, http.client.HTTPException):  # killed before or amid its answer
            time.sleep(0.05)
    return None


if __name__ == "__main__":
    main()
