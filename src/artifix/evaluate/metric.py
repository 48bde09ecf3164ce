"""What a metric is, and the errors of those that need a package or weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Compare = Callable[[Any, Any], float]
"""A function of (restored, target), two uint8 images of one shape, grey (H, W) or RGB (H, W, 3)."""
Load = Callable[[Path | None], Compare]
"""Loads a metric, given a file of VGG19's weights, or None for torchvision's."""


@dataclass(frozen=True)
class Metric:
    """A metric; `decimals` are as papers print them."""

    name: str
    heading: str
    decimals: int
    better: Literal["higher", "lower", "nearer 1"]
    load: Load | None
    """None for a metric of whole clips, which `evaluate video` computes."""

    def score(self, value: float) -> float:
        """The value such that larger is better."""
        return {"higher": value, "lower": -value, "nearer 1": -abs(1 - value)}[self.better]


class MetricUnavailableError(Exception):
    """A metric whose package or weights are missing; the message names them."""
