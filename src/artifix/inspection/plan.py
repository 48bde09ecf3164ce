"""How much to change a picture, as a function of how much its coding lost: the policy, and its measured table."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from artifix.inspection.trace import Trace

AS_IT_IS: Final = "left as it is"
_FINE: Final = 90  # from this quality on, a JPEG that artifix wrote needs no second restoration


@dataclass(frozen=True)
class Plan:
    """What to do with a picture."""

    strength: float
    """0..1: how far to go from the input to the restored picture; 0 leaves its pixels as they are, bit for bit."""
    note: str = ""
    """For the record; empty where the picture is restored as usual."""

    @property
    def leaves(self) -> bool:
        """Whether nothing is to be changed."""
        return self.strength == 0


def decide(
    *,
    lossy: bool,
    quality: int | None = None,
    full_chroma: bool = False,
    earlier: int | None = None,
    trace: Trace | None = None,
    bounded: bool = False,
    restored_before: bool = False,
) -> Plan:
    """What to do with a picture, by what is known of its codings.

    `lossy` is whether its file's own format lost anything, `quality` that of its JPEG tables, and `full_chroma` whether
    its chroma has every pixel. `earlier` is the quality of a coarser coding before, if there was one; `trace`, of a
    file without loss, what its pixels show. `bounded` is whether the file bounds what is restored, and
    `restored_before` whether artifix wrote the file.
    """
    if restored_before and (not lossy or (quality or 0) >= _FINE):
        return Plan(0.0, f"{AS_IT_IS}: artifix restored it before")
    if not lossy:
        trace = trace or Trace("uncertain", 0.5)
        if trace.kind == "none":
            return Plan(0.0, f"{AS_IT_IS}: no trace of compression")
        if trace.kind == "uncertain":
            return Plan(1.0, "whether it was ever compressed is uncertain")
        quality, full_chroma = trace.quality, False
    known = [value for value in (quality, earlier) if value is not None]
    if not known:
        return Plan(1.0)
    strength = strength_at(min(known), full_chroma=full_chroma, bounded=bounded)
    if strength == 0:
        return Plan(0.0, f"{AS_IT_IS}: nothing to restore")
    return Plan(strength, "" if strength == 1 else f"restored at strength {strength:g}: little was lost")


def strength_at(quality: int, *, full_chroma: bool, bounded: bool) -> float:
    """The strength that gains most at a JPEG quality, between those that `benchmarks/strengths.py` measured."""
    sampling = "4:4:4" if full_chroma else "4:2:0"
    rows = [row for row in _table()["rows"] if (row["sampling"], row["bounded"]) == (sampling, bounded)]
    qualities, strengths = ([row[name] for row in rows] for name in ("quality", "strength"))
    after = next((i for i, measured in enumerate(qualities) if measured >= quality), len(qualities) - 1)
    if strengths[after] == 0 or qualities[after] == quality:  # nothing is changed between what gains and what does not
        return float(strengths[after])
    return round(float(np.interp(quality, qualities, strengths)), 2)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("strengths.json").read_text(encoding="utf-8"))
    return table
