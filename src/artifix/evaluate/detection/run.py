"""Detect in the originals, in what a codec made of them, and in what each method made of that."""

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from artifix.codecs import decode, encode
from artifix.errors import DataError, ModelError
from artifix.evaluate.detection.average_precision import judge
from artifix.evaluate.detection.detectors import Detector
from artifix.evaluate.detection.results import (
    ORIGINAL,
    DetectionResults,
    Record,
    Summary,
    read_detection,
    write_detection,
)
from artifix.evaluate.detection.summary import summarise
from artifix.evaluate.detection.voc import Annotated, Devkit, load_devkit
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.rates import Coding, jpeg_at, read_rgb
from artifix.image import ensure_writable
from artifix.provenance import current_commit, today
from artifix.threads import side_by_side

QUALITIES: Final = (10, 20, 30, 40)
_SAVE_EVERY: Final = 30.0  # seconds

# One thing to measure of a picture: a coding, None for the original, and what comes after it.
_Task = tuple[Coding | None, Method]


def evaluate_detection(
    data: str | Path | Devkit,
    detector: Detector,
    codings: Sequence[Coding] = tuple(map(jpeg_at, QUALITIES)),
    methods: Sequence[Method] = (JPEG,),
    *,
    json_path: str | Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[DetectionResults, Summary]:
    """Measure what a detector finds in a VOC devkit's test pictures in each coding, after each method.

    The original is measured as the upper bound, and each codec alone, under its own name, as the lower; a method comes
    after the codecs that it follows. Codecs work on RGB with their usual chroma, 4:2:0 but for JPEG 2000.

    With `json_path` the records are kept there as they come, at the latest every half minute. What that file holds
    already is not measured again unless the method's fingerprint has changed, so a run that was stopped goes on; what
    it holds of an earlier state of a method at other qualities is kept there, and left out of the summary.
    DataError if it is of other pictures or another detector. `jobs` pictures are measured at once, in threads.
    `progress` hears the share done, 0..1.
    """
    devkit = data if isinstance(data, Devkit) else load_devkit(data)
    results = open_detection(json_path, devkit, detector)
    tasks = _tasks(codings, methods)
    results.include(codings, [method for _, method in tasks])
    commit = current_commit()
    todo = [(picture, [task for task in tasks if not _holds(results, picture, task)]) for picture in devkit.pictures]
    work = [partial(_measure, picture, missing, detector, commit) for picture, missing in todo if missing]
    saved = time.monotonic()

    def save(summary: Summary) -> None:
        if json_path:
            write_detection(json_path, results, summary)

    try:
        with side_by_side(work, jobs) as measured:
            for number, records in enumerate(measured, start=1):
                for record in records:
                    results.add(record)
                progress(number / len(work))
                if time.monotonic() - saved > _SAVE_EVERY:
                    save(Summary([], []))
                    saved = time.monotonic()
        summary = summarise(results)
    except BaseException:  # Ctrl-C above all, after which nobody waits for figures
        save(Summary([], []))
        raise
    save(summary)
    progress(1.0)
    return results, summary


def open_detection(json_path: str | Path | None, devkit: Devkit, detector: Detector) -> DetectionResults:
    """The results that a file holds already, or empty ones.

    DataError if they are of other pictures or another detector, OutputError if there is no place for them.
    """
    fresh = DetectionResults.of(devkit, detector)
    if json_path:
        ensure_writable(json_path)
    if not json_path or not Path(json_path).exists():
        return fresh
    results = read_detection(json_path)
    if results.detector != fresh.detector:
        differs = f"was measured with {results.detector}, not {fresh.detector}"
    elif results.detector_fingerprint != fresh.detector_fingerprint:
        differs = f"was measured with another detector of the name {fresh.detector}"
    elif results.fingerprint != fresh.fingerprint and results.dataset != fresh.dataset:
        differs = f"is of {results.dataset}, not {fresh.dataset}"
    elif results.fingerprint != fresh.fingerprint:
        differs = f"is of {fresh.dataset} before its pictures, their names or their annotations changed"
    else:
        differs = ""
    if differs:
        raise DataError(f"{json_path}: {differs}; give this run a file of its own")
    results.left_out = fresh.left_out
    return results


def _tasks(codings: Sequence[Coding], methods: Sequence[Method]) -> list[_Task]:
    restoring = [method for method in methods if method.name != JPEG.name]
    names = [ORIGINAL, *(coding.codec for coding in codings), *(method.name for method in restoring)]
    if len(set(names)) < len({coding.codec for coding in codings}) + len(restoring) + 1:
        raise ModelError(f"two methods of one name: {', '.join(names)}")
    tasks: list[_Task] = [(None, Method(ORIGINAL, JPEG.restore))]
    for coding in codings:
        following = [method for method in restoring if method.follows(coding.codec)]
        tasks += [(coding, method) for method in (Method(coding.codec, JPEG.restore), *following)]
    return tasks


def _holds(results: DetectionResults, picture: Annotated, task: _Task) -> bool:
    coding, method = task
    key = (coding.codec, coding.quality, method.name) if coding else (None, None, method.name)
    record = results.records.get((picture.name, key))
    return record is not None and (record.fingerprint, record.coding) == (method.fingerprint, _tuned(coding))


def _tuned(coding: Coding | None) -> str:
    """What tells one coding from another of the same codec and quality: a codec tuned anew is measured anew."""
    return hashlib.sha256(repr((coding.factor, coding.better)).encode()).hexdigest()[:8] if coding else ""


def _measure(picture: Annotated, tasks: Sequence[_Task], detector: Detector, commit: str) -> list[Record]:
    original = read_rgb(picture.path)
    date = today()
    records = []
    for coding, group in groupby(tasks, key=lambda task: task[0]):
        image, file, codec, quality = original, b"", None, None
        if coding:
            codec, quality = coding.codec, coding.quality
            file = encode(original, codec, quality=coding.factor_of(picture.name))
            image = decode(file, codec, shape=original.shape)
        for task in group:
            method = task[1]
            outcomes = judge(detector(method.restore(image, file)), picture)
            key = picture.name, codec, quality, method.name
            records.append(Record(*key, method.fingerprint, outcomes, commit, date, _tuned(coding)))
    return records
