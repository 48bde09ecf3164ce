"""How far figures of what is shown go with what raters said of it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from artifix.color import luma
from artifix.evaluate.metric import Compare, MetricUnavailableError
from artifix.evaluate.metrics import psnr, ssim_gaussian
from artifix.evaluate.registry import load_metric
from artifix.image import read_image
from artifix.study.design import Design
from artifix.study.pictures import picture_path
from artifix.study.statistics import Interval, Scores


@dataclass(frozen=True)
class Correlation:
    """A figure's correlation with the MOS over all pictures by all methods.

    `pearson` has its 95 % interval (Fisher's transform), and `spearman` is that of the ranks (ITU-T P.1401).
    """

    metric: str
    pearson: Interval
    spearman: float


def correlate(metric: str, figures: Scores, mos: Scores) -> Correlation:
    """The correlations of figures (N,), the infinite ones left aside, with scores (N,).

    NaN for fewer than four, or where either does not vary.
    """
    figures, mos = figures[np.isfinite(figures)], mos[np.isfinite(figures)]
    if len(figures) < 4 or np.ptp(figures) == 0 or np.ptp(mos) == 0:
        return Correlation(metric, Interval(np.nan, np.nan, np.nan), np.nan)
    found = stats.pearsonr(figures, mos)
    low, high = found.confidence_interval()
    rank = float(stats.spearmanr(figures, mos).statistic)
    return Correlation(metric, Interval(float(found.statistic), float(low), float(high)), rank)


def measure_pictures(study: str | Path, design: Design) -> dict[str, Scores]:
    """PSNR and SSIM of luma, and SSIMULACRA 2 where it is installed, each of all pictures by all methods (I, M)."""
    functions: dict[str, Compare] = {
        "PSNR of luma": lambda shown, original: psnr(luma(shown), luma(original)),
        "SSIM of luma": lambda shown, original: ssim_gaussian(luma(shown), luma(original)),
    }
    with contextlib.suppress(MetricUnavailableError):
        functions["SSIMULACRA 2"] = load_metric("ssimulacra2")
    figures = {name: np.empty((len(design.images), len(design.methods))) for name in functions}
    for row, image in enumerate(design.images):
        original = read_image(picture_path(study, image.original))
        for column, method in enumerate(design.methods):
            shown = read_image(picture_path(study, image.tests[method]))
            for name, function in functions.items():
                figures[name][row, column] = function(shown, original)
    return figures
