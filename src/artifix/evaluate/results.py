"""What was measured: one record for each picture, coding and method, their means, and the file that keeps them."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final, Literal

from artifix.errors import DataError
from artifix.evaluate.datasets import Dataset
from artifix.evaluate.rates import Coding
from artifix.image import atomic_output

Protocol = Literal["luma", "colour", "video"]

METRICS: Final = (
    "psnr",
    "psnr_b",
    "ssim",
    "ssim_gaussian",
    "ssimulacra2",
    "lpips",
    "vgg19",
    "texture",
    "mosquito",
    "flicker",
)


@dataclass(frozen=True)
class Record:
    """One picture at one quality by one method.

    `codec` is what degraded it, JPEG at `quality`, another at that JPEG's rate, a video's at that
    rate factor. `fingerprint` is the method's, `bpp` the degraded file's bits per pixel, `seconds` what the method
    alone took beside all else that ran. `commit` and `date` (ISO 8601) say what measured it, and when.
    """

    dataset: str
    image: str
    quality: int
    method: str
    fingerprint: str
    psnr: float
    psnr_b: float
    ssim: float
    ssim_gaussian: float
    bpp: float
    seconds: float
    commit: str
    date: str
    ssimulacra2: float | None = None
    lpips: float | None = None
    vgg19: float | None = None
    texture: float | None = None
    mosquito: float | None = None
    flicker: float | None = None
    codec: str = "jpeg"


@dataclass(frozen=True)
class Mean:
    """A method's mean figures (the mean of the dBs, not the dB of the mean) over all pictures of a data set."""

    dataset: str
    quality: int
    method: str
    images: int
    psnr: float
    psnr_b: float
    ssim: float
    ssim_gaussian: float
    bpp: float
    seconds: float
    commit: str
    """Every commit that measured a part of it, separated by commas."""
    date: str
    """The latest."""
    ssimulacra2: float | None = None
    lpips: float | None = None
    vgg19: float | None = None
    texture: float | None = None
    mosquito: float | None = None
    flicker: float | None = None
    codec: str = "jpeg"
    fingerprint: str = ""
    """The method's."""

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What it is the mean of: data set, codec, quality and method."""
        return self.dataset, self.codec, self.quality, self.method

    @property
    def row(self) -> str:
        """What it is called in a table."""
        return row_name(self.codec, self.method)


def row_name(codec: str | None, method: str) -> str:
    """What a method after a codec is called in a table: by itself, but after any other codec than JPEG by both."""
    return method if codec in (None, "jpeg", method) else f"{codec}, {method}"


@dataclass(frozen=True)
class Measured:
    """A data set of a results file: how many pictures, their `fingerprint`, and whether it is exactly the known set."""

    images: int
    fingerprint: str
    exact: bool


@dataclass
class Results:
    """The measurements of one protocol, of any number of data sets."""

    protocol: Protocol
    datasets: dict[str, Measured] = field(default_factory=dict)
    records: dict[tuple[str, str, str, int, str], Record] = field(default_factory=dict)
    """By data set, image, codec, quality and method."""
    codings: dict[str, list[Coding]] = field(default_factory=dict)
    """Data set -> the codecs that were tuned for it."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Metric or codec -> why it is not there."""
    bare: dict[tuple[str, str, int, str], Mean] = field(default_factory=dict)
    """By their keys the means whose records were left out of the file."""

    def include(self, dataset: Dataset) -> None:
        """Make room for a data set; DataError if another one of that name is here already."""
        known = self.datasets.get(dataset.name)
        if known and known.fingerprint != dataset.fingerprint:
            raise DataError(f"{dataset.paths[0].parent}: the results hold other pictures under the name {dataset.name}")
        self.datasets[dataset.name] = Measured(len(dataset.paths), dataset.fingerprint, dataset.exact)

    def add(self, record: Record) -> None:
        """Keep a record in place of any earlier one of the same picture, codec, quality and method."""
        self.records[record.dataset, record.image, record.codec, record.quality, record.method] = record

    def means(self) -> list[Mean]:
        """The means of all that is complete, in the order of data set, quality and first measurement."""
        groups: dict[tuple[str, str, int, str], list[Record]] = {}
        for record in self.records.values():
            groups.setdefault((record.dataset, record.codec, record.quality, record.method), []).append(record)
        order = list(self.datasets)
        complete = [group for key, group in groups.items() if len(group) == self.datasets[key[0]].images]
        # A method's latest state alone counts, and only once all pictures are measured with it.
        current = [group for group in complete if len({record.fingerprint for record in group}) == 1]
        means = self.bare | {mean.key: mean for mean in map(_mean, current)}
        return sorted(means.values(), key=lambda mean: (order.index(mean.dataset), mean.quality))

    def without_records(self) -> "Results":
        """The means alone, which say as much in a file a hundredth as long, but for the single pictures."""
        return dataclasses.replace(self, records={}, bare={mean.key: mean for mean in self.means()})


def _mean(records: list[Record]) -> Mean:
    def of(name: str) -> float | None:
        values = [getattr(record, name) for record in records]
        return None if None in values else round(fmean(values), 6)

    first = records[0]
    figures: dict[str, Any] = {name: of(name) for name in (*METRICS, "bpp", "seconds")}
    commit = ", ".join(sorted({record.commit for record in records}))
    date = max(record.date for record in records)
    key = first.dataset, first.quality, first.method
    figures |= {"codec": first.codec, "fingerprint": first.fingerprint}
    return Mean(*key, len(records), commit=commit, date=date, **figures)


def write_results(path: str | Path, results: Results) -> None:
    """Write the results as JSON, a line for each record, whole or not at all; OutputError if that cannot be.

    An infinite PSNR (a picture restored without any error) is `Infinity`, as Python's json has it.
    """
    records = sorted(results.records.values(), key=lambda record: (record.dataset, record.image, record.quality))
    datasets = {name: dataclasses.asdict(measured) for name, measured in results.datasets.items()}
    codings = {name: list(map(dataclasses.asdict, tuned)) for name, tuned in results.codings.items()}
    text = (
        f'{{\n"protocol": {json.dumps(results.protocol)},\n"datasets": {json.dumps(datasets)},\n'
        f'"codings": {json.dumps(codings)},\n"skipped": {json.dumps(results.skipped)},\n'
        f'"means": {json_lines(map(_values, results.means()))},\n'
        f'"records": {json_lines(map(_values, records))}\n}}\n'
    )
    with atomic_output(path, overwrite=True) as file:
        file.write(text.encode())


def json_lines(items: Iterable[dict[str, Any]]) -> str:
    """A JSON array with a line for each item."""
    return "[\n" + ",\n".join(map(json.dumps, items)) + "\n]"


def _values(item: Record | Mean) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(item).items() if value is not None}


def read_results(path: str | Path) -> Results:
    """The results in a file that `write_results` wrote; DataError if it is none."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        datasets = {name: Measured(**measured) for name, measured in values["datasets"].items()}
        results = Results(values["protocol"], datasets, skipped=values["skipped"])
        for name, tuned in values.get("codings", {}).items():
            results.codings[name] = list(map(Coding.of, tuned))
        for record in values["records"]:
            results.add(Record(**record))
        whole = {mean.key for mean in results.means()}
        means = (Mean(**mean) for mean in values["means"])
        results.bare = {mean.key: mean for mean in means if mean.key not in whole}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no results of `artifix evaluate quality` ({error})") from error
    return results
