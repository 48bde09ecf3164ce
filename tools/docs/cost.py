"""Draw what each method gains against what it costs, from results/peers.json, into docs/images/cost.png.

$ python tools/docs/cost.py
"""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
LINE = 0.065  # of the plot's height, what a label takes
NEAR = 2.5  # how many times slower a method may be whose label would still lie over another's


def main() -> None:
    """Read the results and write the picture."""
    results = json.loads((ROOT / "results" / "peers.json").read_text(encoding="utf-8"))
    draw(results).savefig(ROOT / "docs" / "images" / "cost.png", dpi=150, metadata={"Software": None})


def draw(results: dict[str, Any]) -> Figure:
    """Mean gain in PSNR over the JPEG, all qualities together, over the seconds that a megapixel takes."""
    methods = dict(results["methods"])
    jpeg = methods.pop("jpeg")["quality"]
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda seconds, place: f"{seconds:g}")
    gains = {
        name: fmean(figures["psnr"] - jpeg[quality]["psnr"] for quality, figures in row["quality"].items())
        for name, row in methods.items()
    }
    apart = (max(gains.values()) - min(0.0, *gains.values())) * LINE
    labels: list[tuple[float, float]] = []  # where they stand
    for name, gain in sorted(gains.items(), key=lambda item: -item[1]):
        row = methods[name]
        seconds = 1 / row["megapixels_per_second"]
        network = row["parameters"] is not None
        label = f"{name}, {row['parameters'] / 1e6:.2f} M" if network else name
        axes.plot(seconds, gain, "o" if network else "s", color="#1a5fb4" if network else "#9a5b00")
        near = [height for at, height in labels if max(at / seconds, seconds / at) < NEAR]
        labels.append((seconds, min([gain, *(height - apart for height in near)])))
        at, line = (seconds * 1.15, labels[-1][1]), {"arrowstyle": "-", "color": "#999", "linewidth": 0.6}
        axes.annotate(label, (seconds, gain), xytext=at, va="center", fontsize=9, arrowprops=line)
    axes.margins(x=0.2, y=0.15)
    axes.axhline(0, color="#777", linewidth=0.8)
    qualities = ", ".join(jpeg)
    axes.set_xlabel("seconds a megapixel (less is better)")
    axes.set_ylabel(f"gain in PSNR over the JPEG, dB\nmean of qualities {qualities}")
    axes.grid(alpha=0.3, which="both")
    machine = results["machine"]
    axes.set_title(
        f"{results['pictures']} pictures of {results['dataset']}, luma; {machine['cpu']}, {machine['cores']} cores;"
        " circles are networks, with their parameters",
        fontsize=8,
    )
    return figure


if __name__ == "__main__":
    main()
