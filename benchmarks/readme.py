"""Write the README's figures anew from results/*.json, between its `<!-- NAME -->` and `<!-- /NAME -->` lines.

    python benchmarks/readme.py [--check]

With `--check` nothing is written, and the exit status says whether the README is what the results say.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from artifix.evaluate.report import markdown_table
from artifix.evaluate.results import read_results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"


def main() -> None:
    """Write the README, or check it."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    new = filled(text)
    if "--check" not in sys.argv:
        readme.write_text(new, encoding="utf-8")
    elif new != text:
        sys.exit("README.md does not say what results/*.json say: run python benchmarks/readme.py")


def filled(text: str) -> str:
    """The README with every section for which there are results made anew."""
    restore = json.loads((RESULTS / "restore.json").read_text(encoding="utf-8"))
    sections = {"gain": gain(restore), "speed": speed(restore)}
    if (RESULTS / "table1.json").exists():
        sections["table1"] = markdown_table(read_results(RESULTS / "table1.json"))
    for name, content in sections.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = pattern.subn(lambda match, content=content: f"{match[1]}{content.strip()}\n{match[2]}", text)
        if count != 1:
            sys.exit(f"README.md has {count} places for {name}, expected 1")
    return text


def gain(results: dict[str, Any]) -> str:
    """What a colour JPEG gains, by quality."""
    rows = results["gain"]
    before, after = ([row[name] for row in rows.values()] for name in ("jpeg", "restored"))
    gains = [f"{b - a:+.2f}" for a, b in zip(before, after, strict=True)]
    lines = [
        f"| JPEG quality | {' | '.join(rows)} |",
        "|---" * (len(rows) + 1) + "|",
        f"| JPEG, dB | {' | '.join(f'{value:.2f}' for value in before)} |",
        f"| restored, dB | {' | '.join(f'{value:.2f}' for value in after)} |",
        f"| gain, dB | {' | '.join(gains)} |",
        "",
        f"PSNR over RGB, 4:2:0 chroma, mean over LIVE1's {next(iter(rows.values()))['pictures']} pictures, model"
        f" `{results['model']}`. {provenance(results)}",
    ]
    return "\n".join(lines)


def speed(results: dict[str, Any]) -> str:
    """How fast and how large it runs."""
    start, lines = results["start_up"], ["| | |", "|---|---|"]
    lines.append(f"| `artifix --help` | {start['help']:.2f} s |")
    lines.append(f"| a 0.4-megapixel JPEG, process start included | {start['restore_0.4_megapixel']:.2f} s |")
    for name, engine in results["engines"].items():
        lines.append(f"| {name}, one megapixel | {engine['megapixels_per_second']:.2f} megapixels/s |")
    if "large" in results:
        large = results["large"]
        lines.append(f"| a 100-megapixel JPEG | {large['seconds']:.0f} s, {large['peak_gib']:.2f} GiB at its peak |")
    machine = results["machine"]
    return "\n".join([*lines, "", f"{machine['cpu']}, {machine['cores']} cores. {provenance(results)}"])


def provenance(results: dict[str, Any]) -> str:
    """What measured it, and when."""
    return f"Measured at commit {results['commit']}, {results['date']}."


if __name__ == "__main__":
    main()
