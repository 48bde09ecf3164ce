"""The results of one protocol: records of pictures, their means, and the file of the means."""

import dataclasses
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from artifix.errors import DataError
from artifix.evaluate.datasets import Dataset
from artifix.evaluate.rates import Coding
from artifix.evaluate.records import Cell, Record, Records, Row, Store, flat, from_flat
from artifix.image import atomic_output, ensure_writable

Protocol = Literal["luma", "colour", "video"]


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A method's mean figures (the mean of the dBs, not the dB of the mean) over all pictures of a data set."""

    dataset: str
    codec: str = "jpeg"
    quality: int
    method: str
    fingerprint: str = ""
    """The method's."""
    images: int
    commit: str
    """Every commit that measured a part of it, separated by commas."""
    date: str
    """The latest."""
    figures: dict[str, float]

    @property
    def key(self) -> Row:
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
class Results(Records):
    """The measurements of one protocol, of any number of data sets."""

    protocol: Protocol
    datasets: dict[str, Measured] = field(default_factory=dict)
    codings: dict[str, list[Coding]] = field(default_factory=dict)
    """Data set -> the codecs that were tuned for it."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Metric or codec -> why it is not there."""
    earlier: dict[Row, Mean] = field(default_factory=dict)
    """The means of the file that the results continue."""
    path: Path | None = field(default=None, compare=False)
    """That file."""

    def include(self, dataset: Dataset) -> None:
        """Make room for a data set, in the file, too; DataError if another one of that name is here already."""
        known = self.datasets.get(dataset.name)
        if known and known.fingerprint != dataset.fingerprint:
            raise DataError(f"{dataset.paths[0].parent}: the results hold other pictures under the name {dataset.name}")
        self.datasets[dataset.name] = Measured(len(dataset.paths), dataset.fingerprint, dataset.exact)
        self.save()

    def holds(self, dataset: str, image: str, cell: Cell, metrics: Collection[str]) -> bool:
        """Whether a picture, or the whole set in the file of means, has been measured in this cell by these metrics."""
        mean = self.earlier.get((dataset, cell.codec, cell.quality, cell.method))
        known = mean is not None and mean.fingerprint == cell.fingerprint and mean.figures.keys() >= set(metrics)
        return known or super().holds(dataset, image, cell, metrics)

    def means(self) -> list[Mean]:
        """The means of all that is complete, in the order of data set, quality and first measurement."""
        groups: dict[Row, list[Record]] = {}
        for record in self.records.values():
            groups.setdefault(record.row, []).append(record)
        complete = [group for key, group in groups.items() if len(group) == self.datasets[key[0]].images]
        # A method's latest state alone counts, and only once all pictures are measured with it.
        current = [group for group in complete if len({record.cell.fingerprint for record in group}) == 1]
        means = self.earlier | {mean.key: mean for mean in map(_mean, current)}
        order = list(self.datasets)
        return sorted(means.values(), key=lambda mean: (order.index(mean.dataset), mean.quality))

    def save(self) -> None:
        """Write the means to the results' file, if they have one."""
        if self.path:
            write_results(self.path, self)


def _mean(records: list[Record]) -> Mean:
    figures = [record.figures for record in records]
    names = [name for name in figures[0] if all(name in each for each in figures)]
    dataset, codec, quality, method = records[0].row
    assert codec is not None and quality is not None
    return Mean(
        dataset=dataset,
        codec=codec,
        quality=quality,
        method=method,
        fingerprint=records[0].cell.fingerprint,
        images=len(records),
        commit=commits(records),
        date=max(record.date for record in records),
        figures={name: round(fmean(each[name] for each in figures), 6) for name in names},
    )


def commits(records: Iterable[Record]) -> str:
    """The commits that measured them, separated by commas."""
    return ", ".join(sorted({record.commit for record in records}))


def open_results(path: str | Path | None, protocol: Protocol) -> Results:
    """The results that a file and the records beside it hold already, or empty ones; they are written by `save`.

    DataError if they are of another protocol, OutputError if there is no place for them.
    """
    if not path:
        return Results(protocol)
    ensure_writable(path)
    path = Path(path)
    results = read_results(path) if path.exists() else Results(protocol)
    if results.protocol != protocol:
        raise DataError(f"{path}: holds results in {results.protocol}; give {protocol} a file of its own")
    results.path, results.store = path, Store(path)
    results.records = {record.key: record for record in results.store.read() if record.dataset in results.datasets}
    return results


def write_results(path: str | Path, results: Results) -> None:
    """Write the means as JSON, a line for each, whole or not at all; OutputError if that cannot be.

    An infinite PSNR (a picture restored without any error) is `Infinity`, as Python's json has it.
    """
    datasets = {name: dataclasses.asdict(measured) for name, measured in results.datasets.items()}
    codings = {name: list(map(dataclasses.asdict, tuned)) for name, tuned in results.codings.items()}
    text = (
        f'{{\n"protocol": {json.dumps(results.protocol)},\n"datasets": {json.dumps(datasets)},\n'
        f'"codings": {json.dumps(codings)},\n"skipped": {json.dumps(results.skipped)},\n'
        f'"means": {json_lines(map(flat, results.means()))}\n}}\n'
    )
    with atomic_output(path, overwrite=True) as file:
        file.write(text.encode())


def json_lines(items: Iterable[dict[str, Any]]) -> str:
    """A JSON array with a line for each item."""
    return "[\n" + ",\n".join(map(json.dumps, items)) + "\n]"


def read_results(path: str | Path) -> Results:
    """The means in a file that `write_results` wrote; DataError if it is none."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        datasets = {name: Measured(**measured) for name, measured in values["datasets"].items()}
        codings = {name: list(map(Coding.of, tuned)) for name, tuned in values["codings"].items()}
        means = [from_flat(Mean, mean) for mean in values["means"]]
        return Results(
            values["protocol"], datasets, codings, values["skipped"], {mean.key: mean for mean in means}, Path(path)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no results of `artifix evaluate quality` ({error})") from error
