"""Every metric that a table may show: its name, its heading, which way is better, and how it is loaded.

A new metric is a function of (restored, target) and an entry here. Nothing heavy is imported before a metric is loaded,
because the command line lists the names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

Compare = Callable[[Any, Any], float]
"""A function of (restored, target), two uint8 images of one shape, grey (H, W) or RGB (H, W, 3)."""
Load = Callable[[Path | None], Compare]
"""What loads it, given a file of VGG19's weights, or None for torchvision's."""


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
    """A metric whose package or weights are not here; its text says what is missing."""


def _function(module: str, name: str) -> Load:
    return lambda vgg: getattr(import_module(f"artifix.evaluate.{module}"), name)


def _loader(module: str, name: str) -> Load:
    return lambda vgg: getattr(import_module(f"artifix.evaluate.{module}"), name)(vgg)


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric("psnr", "PSNR, dB", 2, "higher", _function("metrics", "psnr")),
        Metric("psnr_b", "PSNR-B, dB", 2, "higher", _function("metrics", "psnr_b")),
        Metric("ssim", "SSIM 8x8", 3, "higher", _function("metrics", "ssim")),
        Metric("ssim_gaussian", "SSIM Gaussian", 3, "higher", _function("metrics", "ssim_gaussian")),
        Metric("ssimulacra2", "SSIMULACRA 2", 1, "higher", _loader("perceptual", "load_ssimulacra2")),
        Metric("lpips", "LPIPS", 3, "lower", _loader("perceptual", "load_lpips")),
        Metric("vgg19", "VGG19 distance", 3, "lower", _loader("perceptual", "load_vgg19")),
        Metric("texture", "Texture (1 is right)", 2, "nearer 1", _function("texture", "texture_of_luma")),
        Metric("mosquito", "Mosquito noise", 1, "lower", _function("texture", "mosquito_of_luma")),
        Metric("flicker", "Flicker (1 is the decoded video's)", 3, "lower", None),
    )
}
PAPER: Final = ("psnr", "psnr_b", "ssim", "ssim_gaussian")
"""Those of the papers' tables, which are always measured."""
FURTHER: Final = tuple(name for name, metric in METRICS.items() if metric.load and name not in PAPER)
"""Those that are measured if they are asked for."""


def load_metric(name: str, vgg: Path | None = None) -> Compare:
    """A metric as a function; `vgg` is a file of VGG19's weights, None torchvision's.

    MetricUnavailableError if its package or weights are missing, ModelError for a `vgg` that is none, ValueError for
    another name.
    """
    load = METRICS[name].load if name in METRICS else None
    if load is None:
        raise ValueError(f"unknown metric {name!r}, expected one of {', '.join((*PAPER, *FURTHER))}")
    try:
        return load(vgg)
    except ImportError as error:
        raise MetricUnavailableError(f"not installed ({error})") from error
    except OSError as error:
        raise MetricUnavailableError(f"its weights are not here ({error})") from error


def load_metrics(names: Sequence[str], vgg: Path | None, skipped: dict[str, str]) -> dict[str, Compare]:
    """The paper's metrics and the further ones of these names; for one that is not there, `skipped` says why."""
    loaded = {}
    for name in (*PAPER, *names):
        try:
            loaded[name] = load_metric(name, vgg)
            skipped.pop(name, None)
        except MetricUnavailableError as error:
            skipped[name] = str(error)
    return loaded
