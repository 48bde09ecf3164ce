"""Files from strangers: restore mutated pictures and count how each ends.

    python tests/stress/fuzz.py [--count 10000] [--seed 0] [--keep FOLDER] --json results/reliability.json

Every file must end as a whole picture or as one of our errors that names it, within 10 seconds and 2 GiB, with the
input untouched and nothing else left; pictures above one megapixel must be refused. Files that end otherwise are kept
in FOLDER. Each worker is a process of its own, so that a crash or a hang is a count and not the end of the run.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fuzz_worker import GOOD, Worker
from mutations import mutated, seeds

from artifix.provenance import add_results


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
    make_worker: Callable[[], Worker] | None = None,
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
    make_worker: Callable[[], Worker],
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


if __name__ == "__main__":
    main()
