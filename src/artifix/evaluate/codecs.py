"""What restoring gains after each codec, at the bits of one JPEG quality: the paper's paragraph on other codecs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from artifix.codecs import CODECS
from artifix.errors import CodecError, DataError
from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.detection.detectors import Detector
from artifix.evaluate.detection.results import DetectionResults, Summary
from artifix.evaluate.detection.run import evaluate_detection, open_detection
from artifix.evaluate.detection.voc import Devkit, load_devkit
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.quality import measure
from artifix.evaluate.rates import Coding, match_rate
from artifix.evaluate.results import Results, open_results


def evaluate_codecs(
    data: str | Path,
    quality: int = 20,
    codecs: Sequence[str] = tuple(CODECS),
    methods: Sequence[Method] = (JPEG,),
    *,
    detector: Detector | None = None,
    perceptual: Sequence[str] | None = None,
    vgg: Path | None = None,
    json_path: str | Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Results, tuple[DetectionResults, Summary] | None]:
    """Tune each codec to the mean bit rate of JPEG at a quality, and measure each method after it, in colour.

    Without a detector `data` is a folder of pictures; with one it is a VOC devkit, and what the detector finds is
    measured, too, and kept in a second file, `NAME.detection.json` beside `NAME.json`. A codec that is not installed
    (in full: it may code and not decode), or cannot be brought to the rate, is noted under `Results.skipped`. Tuned
    settings are kept with the records, so a stopped run continues. The rest is as in `evaluate_quality` and
    `evaluate_detection`.
    """
    devkit = load_devkit(data) if detector else None
    dataset = _pictures(devkit) if devkit else load_dataset(data)
    results = open_results(json_path, "colour")
    results.include(dataset)
    second = Path(json_path).with_suffix(".detection.json") if json_path else None
    if devkit and detector:
        open_detection(second, devkit, detector)  # what is wrong with it is said before anything is measured
    parts = len(codecs) + (1 if detector else 0)

    def share_of(part: int) -> Callable[[float], None]:
        return lambda share: progress((part + share) / parts)

    codings = []
    for part, codec in enumerate(codecs):
        try:
            coding = _tuned(results, dataset, codec, quality, jobs)
        except (CodecError, DataError) as error:
            results.skipped[codec] = str(error)
            continue
        results.save()
        try:
            measure(
                results,
                dataset,
                [coding],
                methods,
                perceptual=perceptual,
                vgg=vgg,
                jobs=jobs,
                progress=share_of(part),
            )
        except CodecError as error:
            results.skipped[codec] = str(error)
            continue
        results.skipped.pop(codec, None)
        codings.append(coding)
    results.save()
    if devkit is None or detector is None:
        return results, None
    return results, evaluate_detection(
        devkit, detector, codings, methods, json_path=second, jobs=jobs, progress=share_of(len(codecs))
    )


def _pictures(devkit: Devkit) -> Dataset:
    paths = tuple(picture.path for picture in devkit.pictures)
    return Dataset(devkit.name, paths, devkit.fingerprint, exact=False)


def _tuned(results: Results, dataset: Dataset, codec: str, quality: int, jobs: int) -> Coding:
    """The codec's settings for this set, from an earlier run or found now."""
    known = results.codings.setdefault(dataset.name, [])
    for coding in known:
        if (coding.codec, coding.quality) == (codec, quality):
            return coding
    known.append(match_rate(dataset.paths, codec, quality, jobs=jobs))
    return known[-1]
