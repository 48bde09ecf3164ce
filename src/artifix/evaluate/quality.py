"""Table 1: how close restored pictures come to their targets, by the protocol of the paper or of the colour literature.

Luma: MATLAB's Y of a picture is the target; it is coded as a grey JPEG, restored, and compared. Colour: the RGB picture
is the target, coded as a JPEG with 4:2:0 chroma. All figures are of whole 8-bit images.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.codecs import decode, encode
from artifix.color import luma
from artifix.errors import DataError, ModelError
from artifix.evaluate import metrics
from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.perceptual import Metric, MetricUnavailableError, load_perceptual
from artifix.evaluate.published import read_published
from artifix.evaluate.rates import Coding, jpeg_at, read_rgb
from artifix.evaluate.results import Protocol, Record, Results, read_results, write_results
from artifix.image import ensure_writable, read_image
from artifix.provenance import current_commit, today
from artifix.threads import side_by_side

Pixels = NDArray[np.uint8]

QUALITIES: Final = (10, 20, 30, 40)
# How far a measured JPEG row may be from a published one, which is rounded to 0.01 dB or 0.001.
TOLERANCES: Final = {"psnr": 0.011, "psnr_b": 0.011, "ssim": 0.0011, "ssim_gaussian": 0.0011}


def evaluate_quality(
    data: str | Path,
    qualities: Sequence[int] = QUALITIES,
    methods: Sequence[Method] = (JPEG,),
    *,
    colour: bool = False,
    perceptual: Sequence[str] | None = None,
    vgg: Path | None = None,
    json_path: str | Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> Results:
    """Measure each method on every picture of a folder at every JPEG quality (1..100).

    JPEG itself is always measured, and first: on a known data set its means must be the published ones, else DataError
    says by how much they differ and nothing more is measured. `perceptual` names further metrics (see
    `load_perceptual`, for `vgg`, too), by default ssimulacra2 in colour and none in luma; one that is not installed is
    noted under `Results.skipped`.

    With `json_path` each record is kept there as it comes. What that file holds already, of other data sets too, is
    not measured again unless the method's fingerprint has changed, so a run that was stopped goes on. `jobs` pictures
    are measured at once, in threads: NumPy, Pillow and the engines work outside of Python's lock. `progress` hears
    the share done, 0..1.
    """
    protocol: Protocol = "colour" if colour else "luma"
    results = open_results(json_path, protocol)
    dataset = load_dataset(data)
    results.include(dataset)
    codings = [jpeg_at(quality) for quality in qualities]
    measure(
        results,
        dataset,
        codings,
        methods,
        perceptual=perceptual,
        vgg=vgg,
        json_path=json_path,
        jobs=jobs,
        progress=progress,
    )
    return results


def open_results(json_path: str | Path | None, protocol: Protocol) -> Results:
    """The results that a file holds already, or empty ones.

    DataError if they are of the other protocol, OutputError if there is no place for them.
    """
    if json_path:
        ensure_writable(json_path)
    results = read_results(json_path) if json_path and Path(json_path).exists() else Results(protocol)
    if results.protocol != protocol:
        raise DataError(f"{json_path}: holds results in {results.protocol}; give {protocol} a file of its own")
    return results


def measure(
    results: Results,
    dataset: Dataset,
    codings: Sequence[Coding],
    methods: Sequence[Method],
    *,
    perceptual: Sequence[str] | None = None,
    vgg: Path | None = None,
    json_path: str | Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> None:
    """Add to the results what they lack of a data set in these codings, of one codec, by these methods.

    The codec itself is the first of the methods; one that does not follow it is noted under `Results.skipped`. The rest
    is as in `evaluate_quality`.
    """
    codec = codings[0].codec
    alone = JPEG if codec == JPEG.name else Method(codec, JPEG.restore)
    methods = [alone, *(method for method in methods if method.name not in (JPEG.name, codec))]
    if len({method.name for method in methods}) < len(methods):
        raise ModelError(f"two methods of one name: {', '.join(method.name for method in methods)}")
    results.skipped |= {
        f"{method.name} after {codec}": f"goes by {method.codec} files alone"
        for method in methods
        if not method.follows(codec)
    }
    methods = [method for method in methods if method.follows(codec)]
    bench = _Bench(dataset, results.protocol, load_metrics(perceptual, vgg, results), current_commit())
    for done, method in enumerate(methods):
        missing = {path: [c for c in codings if not bench.holds(results, path, c, method)] for path in dataset.paths}
        tasks = [partial(bench.measure, path, todo, method) for path, todo in missing.items() if todo]
        with side_by_side(tasks, jobs) as measured:
            for number, records in enumerate(measured, start=1):
                for record in records:
                    results.add(record)
                if json_path:
                    write_results(json_path, results)
                progress((done + number / len(tasks)) / len(methods))
        if method is JPEG and dataset.exact:
            check_jpeg_rows(results, dataset.name)
    progress(1.0)


def make_pair(path: Path, protocol: Protocol, quality: int, codec: str = "jpeg") -> tuple[Pixels, Pixels, bytes]:
    """A picture's target, the same degraded, and the coded file that it was decoded from.

    `quality` is the codec's own factor; JPEG has 4:2:0 chroma. A picture that is grey already is its own luma, as the
    literature takes Classic5.
    """
    if protocol == "colour":
        target = read_rgb(path)
    else:
        target = read_image(path)
        if target.ndim == 3:
            target = luma(target)
    file = encode(target, codec, quality=quality)
    degraded = decode(file, codec, shape=target.shape)
    return target, degraded, file


def check_jpeg_rows(results: Results, dataset: str) -> None:
    """DataError, with the difference, where a JPEG mean is not the published one: the bench itself is then wrong."""
    means = {mean.quality: mean for mean in results.means() if (mean.dataset, mean.row) == (dataset, JPEG.name)}
    for row in read_published():
        key = row.protocol, row.dataset, row.method
        if key != (results.protocol, dataset, JPEG.name) or row.quality not in means:
            continue
        for name, tolerance in TOLERANCES.items():
            measured, published = getattr(means[row.quality], name), getattr(row, name)
            if published is not None and abs(measured - published) > tolerance:
                raise DataError(
                    f"{dataset}: JPEG at quality {row.quality} has {name} {measured:.4f} where {row.source} has "
                    f"{published}, {measured - published:+.4f}; is this Pillow built with another JPEG library?"
                )


@dataclass(frozen=True)
class _Bench:
    """What all measurements of a run share."""

    dataset: Dataset
    protocol: Protocol
    perceptual: dict[str, Metric]
    commit: str

    def holds(self, results: Results, path: Path, coding: Coding, method: Method) -> bool:
        key = coding.codec, coding.quality, method.name
        known = results.records.get((self.dataset.name, path.name, *key)) or results.bare.get((self.dataset.name, *key))
        return (
            known is not None
            and known.fingerprint == method.fingerprint
            and all(getattr(known, name) is not None for name in self.perceptual)
        )

    def measure(self, path: Path, codings: Sequence[Coding], method: Method) -> list[Record]:
        return [self._record(path, coding, method) for coding in codings]

    def _record(self, path: Path, coding: Coding, method: Method) -> Record:
        target, degraded, file = make_pair(path, self.protocol, coding.factor_of(path.name), coding.codec)
        began = time.perf_counter()
        restored = method.restore(degraded, file)
        seconds = time.perf_counter() - began
        return Record(
            self.dataset.name,
            path.name,
            coding.quality,
            method.name,
            method.fingerprint,
            psnr=round(metrics.psnr(restored, target), 6),
            psnr_b=round(metrics.psnr_b(restored, target), 6),
            ssim=round(metrics.ssim(restored, target), 6),
            ssim_gaussian=round(metrics.ssim_gaussian(restored, target), 6),
            bpp=round(8 * len(file) / (target.shape[0] * target.shape[1]), 6),
            seconds=round(seconds, 4),
            commit=self.commit,
            date=today(),
            codec=coding.codec,
            **{name: round(metric(restored, target), 6) for name, metric in self.perceptual.items()},
        )


def load_metrics(names: Sequence[str] | None, vgg: Path | None, results: Results) -> dict[str, Metric]:
    """The further metrics of these names, or the protocol's own; what is not installed is noted in the results."""
    if names is None:
        names = [] if results.protocol == "luma" else ["ssimulacra2"]
    loaded = {}
    for name in names:
        try:
            loaded[name] = load_perceptual(name, vgg)
            results.skipped.pop(name, None)
        except MetricUnavailableError as error:
            results.skipped[name] = str(error)
    return loaded
