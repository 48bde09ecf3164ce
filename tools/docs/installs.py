"""The table of docs/install.md: the size of each install, and the speed of its runtime."""

import json
from pathlib import Path
from typing import Any, Final

from artifix.evaluate.report import provenance as measured_at

_SIZE: Final = "12"  # megapixels of the picture whose speeds are shown
_FASTEST: Final = {
    "OpenVINO": "openvino int8",
    "ONNX Runtime": "onnxruntime fp32",
}  # the beginning of a case's name -> its engine


def installs(file: Path) -> str:
    """A row for each install: its size, its largest parts, and megapixels a second in its fastest precision."""
    results = json.loads(file.read_text(encoding="utf-8"))
    bench = json.loads((file.parent / "bench.json").read_text(encoding="utf-8"))
    lines = ["| runs by | MB | the largest parts, MB | megapixels/s |", "|---|---|---|---|"]
    for case in results["cases"]:
        parts = ", ".join(f"{name} {_megabytes(size)}" for name, size in case["largest"].items())
        lines.append(f"| {case['name']} | {_megabytes(case['bytes'])} | {parts} | {_speed(case['name'], bench)} |")
    where = f"Sizes: {results['system']}. {measured_at([(results['commit'], results['date'])])}"
    cpu = f"{bench['machine']['cpu']}, {bench['threads']} threads"
    speeds = f"Speeds: model `{bench['model']}`, {_SIZE} megapixels, {cpu}, from [the tables of speed](speed.md)."
    return "\n".join([*lines, "", where, speeds])


def binary(file: Path) -> str:
    """The size of the binary and the time that it takes to start."""
    results = json.loads(file.read_text(encoding="utf-8"))
    made = results["binary"]
    return (
        f"The one for {results['system'].split(',')[0].title()} is {_megabytes(made['bytes'])} MB, and starts in"
        f" {made['start_processor_seconds']:.1f} s of the processor's time, unpacking included. It restored a picture"
        " with nothing on the `PATH`. Those for macOS and Windows have not been run."
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}"


def _speed(name: str, bench: dict[str, Any]) -> str:
    engine = next(engine for start, engine in _FASTEST.items() if name.startswith(start))
    return f"{bench['engines'][engine]['sizes'][_SIZE]['megapixels_per_second']:.2f} ({engine.split()[1]})"
