"""Every metric that a table may show: the four of the papers' tables, the further ones, and that of whole clips."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from artifix.evaluate.further import FURTHER
from artifix.evaluate.metric import Compare, Metric, MetricUnavailableError
from artifix.evaluate.metrics import psnr, psnr_b, ssim, ssim_gaussian

PAPER: Final = ("psnr", "psnr_b", "ssim", "ssim_gaussian")
"""The metrics of the papers' tables, which are always measured."""

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric("psnr", "PSNR, dB", 2, "higher", lambda vgg: psnr),
        Metric("psnr_b", "PSNR-B, dB", 2, "higher", lambda vgg: psnr_b),
        Metric("ssim", "SSIM 8x8", 3, "higher", lambda vgg: ssim),
        Metric("ssim_gaussian", "SSIM Gaussian", 3, "higher", lambda vgg: ssim_gaussian),
        *(import_module(f"artifix.evaluate.further.{name}").METRIC for name in FURTHER),
        Metric("flicker", "Flicker (1 is the decoded video's)", 3, "lower", None),
    )
}


def load_metric(name: str, vgg: Path | None = None) -> Compare:
    """A metric as a function; `vgg` is a file of VGG19's weights, None torchvision's.

    MetricUnavailableError if its package or weights are missing, ModelError for a `vgg` that is not VGG19, ValueError
    for another name.
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
    """The paper's metrics and the further ones of these names; `skipped` gets the reason for each that is missing."""
    loaded = {}
    for name in (*PAPER, *names):
        try:
            loaded[name] = load_metric(name, vgg)
            skipped.pop(name, None)
        except MetricUnavailableError as error:
            skipped[name] = str(error)
    return loaded
