"""The tables of docs/speed.md and docs/scale.md: how fast a picture, a folder and a fleet are; what int8 costs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import fleet as fleets

from artifix.bench import report as bench
from artifix.evaluate.registry import METRICS
from artifix.evaluate.report import provenance as measured_at
from artifix.evaluate.results import Results, read_results

_SKY, _ROUNDED, _QUALITIES = "sky", " int8", (10, 20, 40, 80)  # as benchmarks/int8.py names and measures them
WARM_LOAD: Final = 0.15  # seconds, the goal
_PLOT: Final = Path(__file__).parents[2] / "docs" / "images" / "speed.png"


def speed(file: Path) -> str:
    """How fast each engine is, and a camera's JPEG from file to file."""
    results = json.loads(file.read_text(encoding="utf-8"))
    lines = [bench.markdown(bench.speeds(results)), ""]
    if jpeg := results["file"]:
        how = f"by {jpeg['engine']} in {jpeg['precision']}"
        took = f"{jpeg['seconds']:.1f} s, {jpeg['megapixels_per_second']:.2f} megapixels/s"
        lines.append(f"A JPEG of {results['camera']} megapixels, from file to file {how}: {took}.")
    return "\n".join([*lines, measured_on(file)])


def bench_table(make: Callable[[dict[str, Any]], bench.Table]) -> Callable[[Path], str]:
    """What writes one of the tables of `artifix bench`."""
    return lambda file: bench.markdown(make(json.loads(file.read_text(encoding="utf-8"))))


def starts(file: Path) -> str:
    """What start-up takes, and where a model that was kept loads slower than is the goal."""
    results = json.loads(file.read_text(encoding="utf-8"))
    loads = {
        name: row["start"]["warm_load_seconds"]
        for name, row in results["engines"].items()
        if name.startswith("openvino") and "start" in row
    }
    slow = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in loads.items() if seconds > WARM_LOAD)
    goal = f"OpenVINO is to load a model that it kept within {WARM_LOAD * 1000:.0f} ms; longer: {slow or 'none'}."
    return f"{bench.markdown(bench.starts(results))}\n\n{goal}"


def measured_on(file: Path) -> str:
    """What `artifix bench` ran on, and when."""
    results = json.loads(file.read_text(encoding="utf-8"))
    return f"{bench.where(results)} {provenance(results)}"


def bench_notes(file: Path) -> str:
    """The plot of `artifix bench`, what it ran on, and what it left out."""
    results = json.loads(file.read_text(encoding="utf-8"))
    left_out = "; ".join(f"{name}: {reason}" for name, reason in results["left_out"].items())
    notes = [f"Pictures: {results['picture']}. {measured_on(file)}"]
    notes += [f"Left out: {left_out}."] if left_out else []
    notes += [f"{failure}." for failure in bench.failures(results)]
    plot = "![Megapixels a second by size of picture, below the limits.](images/speed.png)"
    return "\n\n".join([plot, *notes] if _PLOT.exists() else notes)


def int8(file: Path) -> str:
    """What int8 loses against fp32: PSNR and SSIMULACRA 2, by model and quality; and a smooth sky's PSNR."""
    results = read_results(file)
    (name,) = results.datasets.keys() - {_SKY}
    photographs, sky = (int8_losses(results, dataset) for dataset in (name, _SKY))
    lines = ["| model | lost | " + " | ".join(map(str, _QUALITIES)) + " |", "|---" * 6 + "|"]
    for model, by_quality in photographs.items():
        rows = [
            (METRICS[metric].heading, by_quality, metric, digits)
            for metric, digits in (("psnr", 3), ("ssimulacra2", 2))
        ]
        if model in sky:
            rows.append(("PSNR of a smooth sky, dB", sky[model], "psnr", 2))
        for heading, lost, metric, digits in rows:
            figures = " | ".join(f"{lost[quality][metric]:.{digits}f}" for quality in _QUALITIES)
            lines.append(f"| {model} | {heading} | {figures} |")
    note = f"Mean over {results.datasets[name].images} pictures, RGB, 4:2:0; less than 0 is a gain."
    return "\n".join([*lines, "", note, measured_at((mean.commit, mean.date) for mean in results.means())])


def int8_losses(results: Results, dataset: str) -> dict[str, dict[int, dict[str, float]]]:
    """Model -> quality -> metric -> what int8 loses, as a mean over a data set's pictures."""
    means: dict[tuple[str, int], Any] = {
        (mean.method, mean.quality): mean for mean in results.means() if mean.dataset == dataset
    }
    lost: dict[str, dict[int, dict[str, float]]] = {}
    for (method, quality), rounded in sorted(means.items()):
        if method.endswith(_ROUNDED) and (exact := means.get((method.removesuffix(_ROUNDED), quality))):
            lost.setdefault(method.removesuffix(_ROUNDED), {})[quality] = {
                name: exact.figures[name] - rounded.figures[name] for name in ("psnr", "ssimulacra2")
            }
    return lost


def extremes(file: Path) -> str:
    """The smallest things and the largest."""
    results = json.loads(file.read_text(encoding="utf-8"))
    start, lines = results["start_up"], ["| | |", "|---|---|"]
    lines.append(f"| `artifix --help` | {start['help']:.2f} s |")
    lines.append(f"| a 0.4-megapixel JPEG, process start included | {start['restore_0.4_megapixel']:.2f} s |")
    if "large" in results:
        large = results["large"]
        lines.append(f"| a 100-megapixel JPEG | {large['seconds']:.0f} s, {large['peak_gib']:.2f} GiB at its peak |")
    machine = results["machine"]
    note = f"{results['note']}. " if "note" in results else ""
    return "\n".join([*lines, "", f"{note}{machine['cpu']}, {machine['cores']} cores. {provenance(results)}"])


def folder(file: Path) -> str:
    """A folder on one machine, against its engine."""
    results = json.loads(file.read_text(encoding="utf-8"))["folder"]
    lines = ["| | megapixels/s | of the engine's |", "|---|---|---|"]
    names = {"engine": "the engine alone", "jpeg": "a folder, JPEG to JPEG", "png": "a folder, JPEG to PNG"}
    for name, speed in results["megapixels_per_second"].items():
        share = results["share_of_engine"].get(name)
        lines.append(f"| {names[name]} | {speed:.2f} | {f'{share:.0%}' if share else ''} |")
    return "\n".join([*lines, "", _scale_note(results)])


def workers(file: Path) -> str:
    """A pool of one and of two workers."""
    results = json.loads(file.read_text(encoding="utf-8"))["pool"]
    lines = ["| workers, a core each | megapixels/s | of as many alone | start-up |", "|---|---|---|---|"]
    found = results["workers"]
    for count, row in found.items():
        share = row["megapixels_per_second"] / int(count) / found["1"]["megapixels_per_second"]
        lines.append(f"| {count} | {row['megapixels_per_second']:.2f} | {share:.0%} | {row['start_seconds']:.1f} s |")
    return "\n".join([*lines, "", _scale_note(results)])


def fleet(file: Path) -> str:
    """What a million and a billion pictures take."""
    results = json.loads(file.read_text(encoding="utf-8"))
    return f"{fleets.table(results)} {provenance(results['pool'])}"


def _scale_note(results: dict[str, Any]) -> str:
    machine, side = results["machine"], results["side"]
    what = f"{results['pictures']} JPEGs of {side}x{side}, model `{results['model']}`, {results['precision']}"
    return f"{what}; {machine['cpu']}, {machine['cores']} cores. {provenance(results)}"


def provenance(results: dict[str, Any]) -> str:
    """What measured it, and when."""
    return f"Measured at commit {results['commit']}, {results['date']}."
