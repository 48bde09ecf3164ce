"""What a detector saw in a data set, what follows from it, and the file of that."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from artifix.errors import DataError
from artifix.evaluate.detection.detectors import Detector
from artifix.evaluate.detection.voc import Devkit
from artifix.evaluate.methods import Method
from artifix.evaluate.rates import Coding
from artifix.evaluate.records import Record, Records
from artifix.evaluate.results import json_lines, row_name
from artifix.image import atomic_output

ORIGINAL: Final = "original"

Interval = tuple[float, float]
Key = tuple[str | None, int | None, str]
"""Codec, quality and method; the original has neither codec nor quality."""


@dataclass(frozen=True)
class Mean:
    """A method's figures over the whole set, 0..1.

    Each interval holds 95 % of a bootstrap over images, as `summarise` says, and is None where they are too few.
    """

    codec: str | None
    quality: int | None
    method: str
    images: int
    map_auc: float
    interval: Interval | None
    """Of `map_auc`."""
    map_11pt: float
    recovered: float | None
    """The share of the `map_auc` lost by the codec that is won back; None where no loss can be told from chance."""
    recovered_interval: Interval | None
    ap: dict[str, float]
    """The area under the curve of each class that there is."""
    ap_11pt: dict[str, float]
    commit: str
    date: str
    fingerprint: str = ""
    """The method's."""

    @property
    def key(self) -> Key:
        """What it is the mean of."""
        return self.codec, self.quality, self.method

    @property
    def row(self) -> str:
        """What it is called in a table."""
        return row_name(self.codec, self.method)


@dataclass(frozen=True)
class Comparison:
    """By how much the `map_auc` of `method` is above that of `over`, in the same resamples of the images."""

    codec: str
    quality: int
    method: str
    over: str
    difference: float
    interval: Interval | None

    @property
    def row(self) -> str:
        """What it is called in a table."""
        codec = "" if self.codec in ("jpeg", self.over) else f"{self.codec}, "
        return f"{codec}{self.method} over {self.over}"


@dataclass(frozen=True)
class Summary:
    """What follows from the records of all that is complete."""

    means: list[Mean]
    comparisons: list[Comparison]


@dataclass
class DetectionResults(Records):
    """The measurements of one detector on one data set."""

    dataset: str
    fingerprint: str
    detector: str
    detector_fingerprint: str
    positives: dict[str, dict[str, int]]
    """Image -> class -> how many objects are to be found."""
    left_out: list[str] = field(default_factory=list)
    codings: list[Coding] = field(default_factory=list)
    """The codecs that were tuned for this set."""
    fingerprints: dict[str, str] = field(default_factory=dict)
    """Method -> the fingerprint of the state that was measured last."""
    path: Path | None = field(default=None, compare=False)
    """The file of what follows, beside which the records are kept."""

    @classmethod
    def of(cls, devkit: Devkit, detector: Detector) -> "DetectionResults":
        """Empty results."""
        positives = {picture.name: picture.positives for picture in devkit.pictures}
        left_out = list(devkit.left_out)
        return cls(devkit.name, devkit.fingerprint, detector.name, detector.fingerprint, positives, left_out)

    def include(self, codings: Iterable[Coding], methods: Iterable[Method]) -> None:
        """Note what is measured now, each in place of an earlier coding of its codec and quality, or state."""
        tuned = {(coding.codec, coding.quality): coding for coding in (*self.codings, *codings) if coding.bpp}
        self.codings = list(tuned.values())
        self.fingerprints |= {method.name: method.fingerprint for method in methods}

    def complete(self) -> dict[Key, list[Record]]:
        """The records, in the order of `positives`, of each coding and method that all pictures have.

        Of a method its latest state alone counts, so that no row of a table has two; see `outdated`.
        """
        return {key: group for key, group in self._whole().items() if self._is_latest(group[0])}

    def outdated(self) -> list[Key]:
        """What would be complete if it were not of an earlier state of its method."""
        return [key for key, group in self._whole().items() if not self._is_latest(group[0])]

    def _is_latest(self, record: Record) -> bool:
        return record.cell.fingerprint == self.fingerprints.get(record.cell.method, record.cell.fingerprint)

    def _whole(self) -> dict[Key, list[Record]]:
        groups: dict[Key, dict[str, Record]] = {}
        for record in self.records.values():
            groups.setdefault(record.row[1:], {})[record.image] = record
        whole = {
            key: [group[image] for image in self.positives]
            for key, group in groups.items()
            if len(group) == len(self.positives)
        }
        return {key: group for key, group in whole.items() if len({record.cell for record in group}) == 1}


def write_detection(path: str | Path, results: DetectionResults, summary: Summary) -> None:
    """Write the summary as JSON, whole or not at all; OutputError if that cannot be."""
    head = {name: getattr(results, name) for name in _HEAD}
    head["codings"] = [dataclasses.asdict(coding) for coding in results.codings]
    parts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    for name, items in (("means", summary.means), ("comparisons", summary.comparisons)):
        parts.append(f'"{name}": {json_lines(map(dataclasses.asdict, items))}')
    with atomic_output(path, overwrite=True) as file:
        file.write(("{\n" + ",\n".join(parts) + "\n}\n").encode())


def read_summary(path: str | Path) -> tuple[DetectionResults, Summary]:
    """The results in a file that `write_detection` wrote, without records; DataError if it is none."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        means = [Mean(**mean | _intervals(mean)) for mean in values["means"]]
        comparisons = [Comparison(**comparison | _intervals(comparison)) for comparison in values["comparisons"]]
        return _head(values), Summary(means, comparisons)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no results of `artifix evaluate detection` ({error})") from error


_HEAD: Final = (
    "dataset",
    "fingerprint",
    "detector",
    "detector_fingerprint",
    "positives",
    "left_out",
    "codings",
    "fingerprints",
)


def _head(values: dict[str, Any]) -> DetectionResults:
    head = {name: values[name] for name in _HEAD}
    return DetectionResults(**head | {"codings": list(map(Coding.of, head["codings"]))})


def _intervals(values: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
