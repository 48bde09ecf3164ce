"""Keep of a results file what the documents say, without the records of single pictures, for the repository.

    python benchmarks/keep.py build/detection.json results/detection.json

Records are what a stopped run goes on from, so measure into a file elsewhere, `build/` for one, and keep that too.
"""

import json
import sys
from pathlib import Path

from artifix.evaluate.detection.results import read_detection, read_summary, write_detection
from artifix.evaluate.detection.summary import summarise
from artifix.evaluate.results import read_results, write_results


def keep(source: Path, target: Path) -> None:
    """Write the means of a file of `evaluate quality`, `codecs`, `video` or `detection`."""
    if "detector" in json.loads(source.read_text(encoding="utf-8")):
        results, summary = read_summary(source)
        if not summary.means:  # the run was cut off, or still goes on
            summary = summarise(read_detection(source))
        write_detection(target, results, summary)
    else:
        write_results(target, read_results(source).without_records())


if __name__ == "__main__":
    keep(*map(Path, sys.argv[1:3]))
