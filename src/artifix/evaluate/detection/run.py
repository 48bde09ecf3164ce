"""Detect in the originals, in what a codec made of them, and in what each method made of that."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from artifix.codecs import decode, encode
from artifix.errors import DataError, ModelError
from artifix.evaluate.detection.average_precision import match
from artifix.evaluate.detection.detectors import Detector
from artifix.evaluate.detection.results import ORIGINAL, DetectionResults, Summary, read_summary, write_detection
from artifix.evaluate.detection.summary import summarise
from artifix.evaluate.detection.voc import Annotated, Devkit, load_devkit
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.rates import Coding, jpeg_at, read_rgb
from artifix.evaluate.records import Cell, Record, Store
from artifix.evaluate.run import measure_missing
from artifix.image import ensure_writable
from artifix.provenance import current_commit, today

QUALITIES: Final = (10, 20, 30, 40)

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

    With `json_path` the summary is written there, and the records are kept in a file beside it as they come. What that
    holds already is not measured again unless the method's fingerprint has changed, so a stopped run continues;
    what it holds of an earlier state of a method at other qualities stays there, and is left out of the summary.
    DataError if it is of other pictures or another detector. `jobs` pictures are measured at once. `progress` is given
    the share done, 0..1.
    """
    devkit = data if isinstance(data, Devkit) else load_devkit(data)
    results = open_detection(json_path, devkit, detector)
    tasks = _tasks(codings, methods)
    results.include(codings, [method for _, method in tasks])
    bench = _Bench(results.dataset, detector, tasks)
    if json_path and not Path(json_path).exists():
        write_detection(json_path, results, Summary([], []))  # which the records belong to
    pictures = {picture.name: picture for picture in devkit.pictures}
    measure_missing(results, results.dataset, pictures, list(bench.tasks), bench.measure, jobs=jobs, progress=progress)
    summary = summarise(results)
    if json_path:
        write_detection(json_path, results, summary)
    return results, summary


def open_detection(json_path: str | Path | None, devkit: Devkit, detector: Detector) -> DetectionResults:
    """The results that a file and the records beside it hold already, or empty ones.

    DataError if they are of other pictures or another detector, or if the file has means whose records are not there:
    nothing could be compared with those. OutputError if there is no place for them.
    """
    fresh = DetectionResults.of(devkit, detector)
    if not json_path:
        return fresh
    ensure_writable(json_path)
    path = Path(json_path)
    fresh.path, fresh.store = path, Store(path)
    if not path.exists():
        return fresh
    results, summary = read_summary(path)
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
    results.left_out, results.path, results.store = fresh.left_out, fresh.path, fresh.store
    results.records = {record.key: record for record in fresh.store.read()}
    known = {record.row[1:] for record in results.records.values()}
    if bare := [mean for mean in summary.means if mean.key not in known]:
        raise DataError(f"{path}: has {len(bare)} means without their records; measure into another file")
    return results


def _tasks(codings: Sequence[Coding], methods: Sequence[Method]) -> list[_Task]:
    restoring = [method for method in methods if method.name != JPEG.name]
    names = [ORIGINAL, *(coding.codec for coding in codings), *(method.name for method in restoring)]
    if len(set(names)) < len({coding.codec for coding in codings}) + len(restoring) + 1:
        raise ModelError(f"two methods have the same name: {', '.join(names)}")
    tasks: list[_Task] = [(None, Method(ORIGINAL, JPEG.restore))]
    for coding in codings:
        following = [method for method in restoring if method.follows(coding.codec)]
        tasks += [(coding, method) for method in (Method(coding.codec, JPEG.restore), *following)]
    return tasks


class _Bench:
    """What all measurements of a run share."""

    def __init__(self, dataset: str, detector: Detector, tasks: Sequence[_Task]) -> None:
        self.dataset, self.detector, self.commit = dataset, detector, current_commit()
        self.tasks = {_cell(*task): task for task in tasks}

    def measure(self, picture: Annotated, cells: list[Cell]) -> list[Record]:
        original = read_rgb(picture.path)
        records = []
        for coding, group in groupby(cells, key=lambda cell: self.tasks[cell][0]):
            image, file = original, b""
            if coding:
                file = encode(original, coding.codec, quality=coding.factor_of(picture.name))
                image = decode(file, coding.codec, shape=original.shape)
            for cell in group:
                _, method = self.tasks[cell]
                outcomes = match(self.detector(method.restore(image, file)), picture)
                records.append(Record(self.dataset, picture.name, cell, self.commit, today(), outcomes=outcomes))
        return records


def _cell(coding: Coding | None, method: Method) -> Cell:
    if coding is None:
        return Cell(None, None, method.name, method.fingerprint)
    return Cell(coding.codec, coding.quality, method.name, method.fingerprint, coding.fingerprint)
