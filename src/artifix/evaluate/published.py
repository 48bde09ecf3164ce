"""What papers report on the same pictures by the same protocol, read from `published.csv`."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

PAPER: Final = "galteri2017"  # the one that artifix is after

# The keys of `published.csv` -> the paper.
SOURCES: Final = {
    PAPER: "Galteri et al., ICCV 2017",
    "zhang2017": "DnCNN, Zhang et al., IEEE TIP 2017",
    "ehrlich2020": "QGAC, Ehrlich et al., ECCV 2020",
    "jiang2021": "FBCNN, Jiang et al., ICCV 2021",
    "liang2021": "SwinIR, Liang et al., ICCV Workshops 2021",
}


@dataclass(frozen=True)
class Published:
    """A data set's mean figures in one paper, None where it has none."""

    source: str
    protocol: str
    dataset: str
    quality: int
    method: str
    psnr: float | None
    psnr_b: float | None
    ssim: float | None
    ssim_gaussian: float | None


@cache
def read_published() -> tuple[Published, ...]:
    """Every published row, in the order of the file: the paper's own Table 1 first."""
    text = (resources.files("artifix.evaluate") / "published.csv").read_text(encoding="utf-8")
    return tuple(_published(row) for row in csv.DictReader(text.splitlines()))


def _published(row: dict[str, str]) -> Published:
    figure = {name: float(row[name]) if row[name] else None for name in ("psnr", "psnr_b", "ssim", "ssim_gaussian")}
    return Published(row["source"], row["protocol"], row["dataset"], int(row["quality"]), row["method"], **figure)


def counterpart(method: str) -> str:
    """The published method that one of ours stands beside: `mse-y`, for luma, beside `mse`. An ensemble has none."""
    return method.removesuffix("-y")
