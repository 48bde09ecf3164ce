"""Draw the paper's Fig. 6, mAP over JPEG quality, from results/detection.json, into docs/images/detection.png.

$ python tools/docs/curve.py
"""

from pathlib import Path

from matplotlib.figure import Figure

from artifix.evaluate.detection.report import draw_curve
from artifix.evaluate.detection.results import read_summary

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Read the results and write the picture."""
    _, summary = read_summary(ROOT / "results" / "detection.json")
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    draw_curve(figure, summary)
    figure.savefig(ROOT / "docs" / "images" / "detection.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
