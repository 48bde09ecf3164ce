"""Draw what each method gains against what it costs, from results/peers.json, into docs/images/cost.png.

$ python benchmarks/cost.py
"""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]


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
    for name, row in sorted(methods.items(), key=lambda item: item[1]["megapixels_per_second"]):
        seconds = 1 / row["megapixels_per_second"]
        gain = fmean(figures["psnr"] - jpeg[quality]["psnr"] for quality, figures in row["quality"].items())
        network = row["parameters"] is not None
        label = f"{name}, {row['parameters'] / 1e6:.2f} M" if network else name
        axes.plot(seconds, gain, "o" if network else "s", color="#1a5fb4" if network else "#9a5b00")
        axes.annotate(label, (seconds, gain), xytext=(6, 5), textcoords="offset points", fontsize=9)
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
