"""Files from strangers, through the HTTP API: post mutated pictures to `artifix serve` and count how each ends.

    python tests/stress/fuzz_http.py [--count 1000] [--seed 0] [--keep FOLDER] --json results/reliability.json

Every upload must be answered by a whole picture, or by a status that blames it and one line in JSON which tells nothing
of this machine, within 10 seconds; no file may be left when the answer has come, the server must stay within 2 GiB, and
at the end it must have grown by less than a tenth since it was warm and still be well. One server answers them all,
and has first had the largest picture that it takes.
"""

import argparse
import io
import json
import math
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx2
from fuzz_worker import GOOD, MEMORY, PIXELS, SECONDS, End
from mutations import mutated, seeds
from PIL import Image
from serve import Server, gib, serving

from artifix.provenance import add_results

PATHS: Final = ("restore", "restore", "restore", "inspect", "preview")
NAMES: Final = ("", "../../", "/etc/", "C:\\", "x" * 2000, "a\n", "%2e%2e%2f")  # put before the files' own
REFUSALS: Final = (400, 413, 415, 422)
WARM: Final = 0.25  # of the uploads: by then each format has come by
GROWTH: Final = 1.1


def main() -> None:
    """Mutate, post, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    found = fuzz(options.count, options.seed, options.keep)
    add_results(options.json, "http", found | {"count": options.count, "seed": options.seed})
    print(found)


def fuzz(count: int, seed: int, keep: Path | None = None) -> dict[str, Any]:
    """How `count` mutated uploads end: counts by outcome, the slowest's seconds, the server's memory."""
    originals = seeds()
    counts: Counter[str] = Counter()
    slowest, warm = 0.0, 0
    with tempfile.TemporaryDirectory() as name, serving(Path(name), "--max-pixels", str(PIXELS)) as server:
        warming = largest()  # OpenVINO keeps room for the largest picture that it has seen
        for path in sorted(set(PATHS)):
            end = post(server, Path(name) / "temporary", path, "largest.png", warming)
            if end.outcome != "restored":
                raise RuntimeError(f"the server was not warmed: {end.reason}")
        for number in range(count):
            chance = random.Random(f"http/{seed}/{number}")
            file, data = mutated(originals, chance)
            end = post(server, Path(name) / "temporary", chance.choice(PATHS), chance.choice(NAMES) + file, data)
            counts[end.outcome] += 1
            slowest = max(slowest, end.seconds)
            if end.outcome not in GOOD and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}-{end.outcome}-{file}").write_bytes(data)
                (keep / f"{number}-{end.outcome}.txt").write_text(end.reason)
            if number == int(WARM * count):
                warm = server.memory()
        well = httpx2.get(f"{server.url}api/health").json()
        counts["places not given back"] += well["working"] + well["waiting"]
        last, peak = server.memory(), server.peak_memory()
        counts["too much memory"] += peak > MEMORY
        counts["grew"] += last > GROWTH * warm
    return {
        "outcomes": dict(sorted(counts.items() - Counter(dict.fromkeys(counts, 0)).items())),
        "lost": sum(number for outcome, number in counts.items() if outcome not in GOOD),
        "slowest_seconds": round(slowest, 2),
        "warm_gib": gib(warm),
        "end_gib": gib(last),
        "peak_gib": gib(peak),
    }


def largest() -> bytes:
    """A picture of as many pixels as are taken, not to be compressed."""
    side = math.isqrt(PIXELS)
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(0).randbytes(side * side * 3)).save(file, "PNG")
    return file.getvalue()


def post(server: Server, temporary: Path, path: str, name: str, data: bytes) -> End:
    """One upload, and how it ended."""
    began = time.perf_counter()
    try:
        answer = httpx2.post(f"{server.url}api/{path}", files={"file": (name, data)}, timeout=SECONDS)
    except httpx2.TimeoutException:
        return End("hung", f"{path}: after {SECONDS} s")
    except httpx2.HTTPError as error:
        return End("crashed", f"{path}: {error!r}")
    seconds = time.perf_counter() - began
    outcome, reason = judge(path, answer, str(temporary))
    deadline = time.monotonic() + SECONDS  # the client may have its answer before the server has put all away
    while left := list(temporary.iterdir()):
        if time.monotonic() > deadline:
            return End("leftovers", str(left), seconds)
        time.sleep(0.01)
    return End(outcome, f"{path}: {reason}", seconds)


def judge(path: str, answer: httpx2.Response, secret: str) -> tuple[str, str]:
    """The outcome that an answer is, and what it said."""
    if answer.status_code == 200:
        return ("restored" if _is_whole(path, answer.content) else "broken output"), ""
    reason = f"{answer.status_code} {answer.text}"
    with suppress(ValueError):
        told = answer.json()
        clear = told.keys() == {"error"} and "\n" not in told["error"] and secret not in told["error"]
        if clear and answer.status_code in REFUSALS:
            return "refused", reason
    return "unclear error" if answer.status_code < 500 else "failed", reason


def _is_whole(path: str, data: bytes) -> bool:
    try:
        if path == "inspect":
            return bool(json.loads(data)["summary"])
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
    except (OSError, ValueError, KeyError):
        return False
    return True


if __name__ == "__main__":
    main()
