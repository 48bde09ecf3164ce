"""Table 1: how close restored pictures come to their targets, by the protocol of the paper or of the colour literature.

Luma: MATLAB's Y of a picture is the target; it is coded as a grey JPEG, restored, and compared. Colour: the RGB picture
is the target, coded as a JPEG with 4:2:0 chroma. All figures are of whole 8-bit images.
"""

import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.codecs import decode, encode
from artifix.color import luma
from artifix.errors import DataError, ModelError
from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.metric import Compare
from artifix.evaluate.published import read_published
from artifix.evaluate.rates import Coding, jpeg_at, read_rgb
from artifix.evaluate.records import Cell, Record
from artifix.evaluate.registry import load_metrics
from artifix.evaluate.results import Protocol, Results, open_results
from artifix.evaluate.run import measure_missing
from artifix.image import read_image
from artifix.provenance import current_commit, today

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
    says by how much they differ and nothing more is measured. `perceptual` names further metrics of `registry`, by
    default ssimulacra2 in colour and none in luma (`vgg` as in `load_metric`); one that is not installed is noted under
    `Results.skipped`.

    With `json_path` the means are written there, and each record is kept in a file beside it as it comes. What those
    hold already, of other data sets too, is not measured again unless the method's fingerprint has changed, so a
    stopped run continues. `jobs` pictures are measured at once. `progress` takes the share done, 0..1.
    """
    results = open_results(json_path, "colour" if colour else "luma")
    dataset = load_dataset(data)
    results.include(dataset)
    codings = [jpeg_at(quality) for quality in qualities]
    measure(results, dataset, codings, methods, perceptual=perceptual, vgg=vgg, jobs=jobs, progress=progress)
    return results


def measure(
    results: Results,
    dataset: Dataset,
    codings: Sequence[Coding],
    methods: Sequence[Method],
    *,
    perceptual: Sequence[str] | None = None,
    vgg: Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> None:
    """Add to the results what they lack of a data set in these codings, of one codec, by these methods, and save them.

    The codec itself is the first of the methods; one that does not follow it is noted under `Results.skipped`. The rest
    is as in `evaluate_quality`.
    """
    codec = codings[0].codec
    alone = JPEG if codec == JPEG.name else Method(codec, JPEG.restore)
    further = [method for method in methods if method.name not in (JPEG.name, codec)]
    if len({method.name for method in further}) < len(further):
        raise ModelError(f"two methods have the same name: {', '.join(method.name for method in further)}")
    results.skipped |= {
        f"{method.name} after {codec}": f"restores {method.codec} files only"
        for method in further
        if not method.follows(codec)
    }
    further = [method for method in further if method.follows(codec)]
    if perceptual is None:
        perceptual = () if results.protocol == "luma" else ("ssimulacra2",)
    metrics = load_metrics(perceptual, vgg, results.skipped)
    bench = _Bench(dataset.name, results.protocol, metrics, codings, [alone, *further])
    pictures, count = {path.name: path for path in dataset.paths}, 1 + len(further)

    def add(group: Sequence[Method], before: int) -> None:
        measure_missing(
            results,
            dataset.name,
            pictures,
            [bench.cell(coding, method) for coding in codings for method in group],
            bench.measure,
            metrics=metrics.keys(),
            jobs=jobs,
            progress=lambda share: progress((before + share * len(group)) / count),
        )

    try:
        add([alone], 0)
        if alone is JPEG and dataset.exact:
            check_jpeg_rows(results, dataset.name)
        add(further, 1)
    finally:
        results.save()


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
            measured, published = means[row.quality].figures[name], getattr(row, name)
            if published is not None and abs(measured - published) > tolerance:
                raise DataError(
                    f"{dataset}: JPEG at quality {row.quality} has {name} {measured:.4f} where {row.source} has "
                    f"{published}, {measured - published:+.4f}; is this Pillow built with another JPEG library?"
                )


class _Bench:
    """What all measurements of a run share."""

    def __init__(
        self,
        dataset: str,
        protocol: Protocol,
        metrics: dict[str, Compare],
        codings: Sequence[Coding],
        methods: Sequence[Method],
    ) -> None:
        self.dataset, self.protocol, self.metrics, self.commit = dataset, protocol, metrics, current_commit()
        self.codings = {coding.quality: coding for coding in codings}
        self.methods = {method.name: method for method in methods}

    def cell(self, coding: Coding, method: Method) -> Cell:
        return Cell(coding.codec, coding.quality, method.name, method.fingerprint, coding.fingerprint)

    def measure(self, path: Path, cells: list[Cell]) -> list[Record]:
        records = []
        for quality, group in groupby(cells, key=lambda cell: cell.quality or 0):
            coding = self.codings[quality]
            target, degraded, file = make_pair(path, self.protocol, coding.factor_of(path.name), coding.codec)
            bits = 8 * len(file) / (target.shape[0] * target.shape[1])
            for cell in group:
                began = time.perf_counter()
                restored = self.methods[cell.method].restore(degraded, file)
                seconds = time.perf_counter() - began
                figures = {name: round(of(restored, target), 6) for name, of in self.metrics.items()}
                figures |= {"bpp": round(bits, 6), "seconds": round(seconds, 4)}
                records.append(Record(self.dataset, path.name, cell, self.commit, today(), figures))
        return records
