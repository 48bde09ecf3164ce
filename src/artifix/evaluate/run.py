"""The one loop of every evaluation: measure what is missing, side by side, and keep each picture as it comes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TypeVar

from artifix.evaluate.records import Cell, Record, Records
from artifix.threads import side_by_side

Picture = TypeVar("Picture")


def measure_missing(
    records: Records,
    dataset: str,
    pictures: Mapping[str, Picture],
    cells: Sequence[Cell],
    measure: Callable[[Picture, list[Cell]], list[Record]],
    *,
    metrics: Collection[str] = (),
    jobs: int,
    progress: Callable[[float], None],
) -> None:
    """Add the records that the pictures, by their names, lack of these cells and metrics.

    `measure` returns a picture's records in those of the cells that it lacks; it runs in `jobs` threads, since NumPy,
    Pillow and the engines work outside of Python's lock. `progress` is given the share done, up to 1.
    """
    lacking = {name: [cell for cell in cells if not records.holds(dataset, name, cell, metrics)] for name in pictures}
    tasks = [partial(measure, pictures[name], missing) for name, missing in lacking.items() if missing]
    with side_by_side(tasks, jobs) as measured:
        for number, found in enumerate(measured, start=1):
            records.add(*found)
            progress(number / len(tasks))
    progress(1.0)
