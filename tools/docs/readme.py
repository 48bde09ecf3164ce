"""Write the figures of README.md and docs/*.md anew from results/*.json, between `<!-- NAME -->` and `<!-- /NAME -->`.

    python tools/docs/readme.py [--check]

With `--check` nothing is written, and the exit status says whether the documents are what the results say.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from installs import binary, installs
from losses import harm, kinds, load, reliability
from speeds import bench_notes, bench_table, extremes, fleet, folder, int8, provenance, speed, starts, workers

from artifix.bench import report as bench
from artifix.codecs import CODECS
from artifix.evaluate.detection.report import detection_sections
from artifix.evaluate.detection.results import read_summary
from artifix.evaluate.rates import Coding
from artifix.evaluate.registry import METRICS
from artifix.evaluate.report import TITLES, markdown, markdown_table
from artifix.evaluate.report import provenance as measured_at
from artifix.evaluate.results import Results, read_results
from artifix.models.catalog import VIVID

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"


def main() -> None:
    """Write the documents, or check them."""
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = document.read_text(encoding="utf-8")
        new = filled(text)
        if "--check" not in sys.argv:
            document.write_text(new, encoding="utf-8")
        elif new != text:
            sys.exit(f"{document.name} does not say what results/*.json say: run python tools/docs/readme.py")


def filled(text: str) -> str:
    """A document with each of its sections made anew from the results it is about."""
    for name in re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE):
        file, table = SECTIONS[name]
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        content = table(RESULTS / file).strip() if (RESULTS / file).exists() else "Not measured yet."
        text = pattern.sub(lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text)
    return text


def table1(file: Path) -> str:
    """The paper's Table 1 with our rows, every metric, and other papers' rows."""
    return markdown_table(read_results(file))


def ablation(file: Path) -> str:
    """Models that learned alike but for one thing, beside JPEG alone: PSNR and SSIM."""
    results = read_results(file)
    means = results.means()
    figures = {(mean.method, mean.quality): f"{mean.figures['psnr']:.2f}, {mean.figures['ssim']:.3f}" for mean in means}
    methods, qualities = (list(dict.fromkeys(getattr(mean, name) for mean in means)) for name in ("method", "quality"))
    lines = [f"| PSNR in dB, SSIM 8x8 | {' | '.join(map(str, qualities))} |", "|---" * (len(qualities) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(figures.get((name, q), '–') for q in qualities)} |" for name in methods]
    sets = ", ".join(f"{TITLES.get(name, name)}, {known.images} pictures" for name, known in results.datasets.items())
    return "\n".join([*lines, "", f"{sets}. {measured_at((mean.commit, mean.date) for mean in means)}"])


def table2(file: Path) -> str:
    """The paper's Table 2: the set as a whole at every quality, its classes at the paper's."""
    results, summary = read_summary(file)
    overall, *by_class = detection_sections(results, summary)
    at_20 = [section for quality, section in zip(overall.columns, by_class, strict=True) if quality == "20"]
    text = f"{markdown([overall, *at_20])}\n{measured_at((mean.commit, mean.date) for mean in summary.means)}"
    return text + picture("detection.png", "mAP over the JPEG quality, with 95 % intervals.", "images/")


def codecs(file: Path) -> str:
    """What each model gains after each codec, all at the mean rate of one JPEG quality."""
    results = read_results(file)
    means = results.means()
    groups = [(name, quality) for name in results.datasets for quality in _qualities(results.codings[name])]
    tables = [_codec_table(results, dataset, quality) for dataset, quality in groups]
    left_out = [f"Left out: {name} ({reason})." for name, reason in results.skipped.items() if name in CODECS]
    return "\n\n".join([*tables, *left_out, measured_at((mean.commit, mean.date) for mean in means)])


def _qualities(codings: list[Coding]) -> list[int]:
    return sorted({coding.quality for coding in codings})


def _codec_table(results: Results, dataset: str, quality: int) -> str:
    means = [mean for mean in results.means() if (mean.dataset, mean.quality) == (dataset, quality)]
    psnr = {(mean.codec, mean.method): mean.figures["psnr"] for mean in means}
    models = list(dict.fromkeys(mean.method for mean in means if mean.method != mean.codec))
    codings = [coding for coding in results.codings[dataset] if coding.quality == quality]
    lines = [f"| codec | decoded, dB | {' | '.join(f'`{model}`' for model in models)} |"]
    lines.append("|---" * (len(models) + 2) + "|")
    for codec in (coding.codec for coding in codings if (coding.codec, coding.codec) in psnr):
        before = psnr[codec, codec]
        gains = [f"{psnr[codec, model] - before:+.2f}" if (codec, model) in psnr else "–" for model in models]
        lines.append(f"| {codec} | {before:.2f} | {' | '.join(gains)} |")
    title, count = TITLES.get(dataset, dataset), results.datasets[dataset].images
    about = (
        f"PSNR over RGB, and what each model adds to it, dB; mean over {count} pictures ({title}), at the bits of JPEG"
    )
    return "\n".join([*lines, "", f"{about} at quality {quality}: {'; '.join(map(str, codings))}."])


def gan(file: Path) -> str:
    """Faithful and vivid models side by side, and whether the vivid one is what it should be."""
    results = read_results(file)
    tables = markdown_table(results, ("psnr", "ssim", "ssimulacra2", "vgg19", "texture", "mosquito"))
    return "\n".join([tables, *_verdicts(results)])


# What is asked: which metric, of whom, against whom, in words. The ablations took fewer steps than `gan`, so they stand
# beside `gan-1000`, which took as many.
_ASKED: Final[list[tuple[str, str, str, str]]] = [
    ("psnr", VIVID, "jpeg", "a higher PSNR than"),
    ("mosquito", VIVID, "jpeg", "less mosquito noise than"),
    ("texture", VIVID, "mse", "a texture nearer to 1 than"),
    ("texture", VIVID, "ssim", "a texture nearer to 1 than"),
    ("ssimulacra2", VIVID, "mse", "a higher SSIMULACRA 2 than"),
    ("ssimulacra2", VIVID, "ssim", "a higher SSIMULACRA 2 than"),
    ("mosquito", "gan-1000", "gan-full-patch", "less mosquito noise than"),
    ("texture", "gan-1000", "gan-full-patch", "a texture nearer to 1 than"),
    ("texture", "gan-1000", "gan-l1", "a texture nearer to 1 than"),
]


def _verdicts(results: Results) -> Iterator[str]:
    """A line for each thing asked, with the sets and qualities where it is so, and where not."""
    means = {(mean.dataset, mean.quality, mean.method): mean for mean in results.means()}
    for name, ours, other, words in _ASKED:
        score = METRICS[name].score
        won: dict[tuple[str, str], list[str]] = {}
        for (dataset, quality, method), mean in means.items():
            theirs = means.get((dataset, quality, other))
            if method == ours and theirs and name in mean.figures and name in theirs.figures:
                better = score(mean.figures[name]) > score(theirs.figures[name])
                won.setdefault(("yes" if better else "no", TITLES.get(dataset, dataset)), []).append(str(quality))
        if won:
            answers = [f"{answer}, on {title} at {', '.join(cells)}" for (answer, title), cells in sorted(won.items())]
            yield f"- Has `{ours}` {words} `{other}`? {'; '.join(answers)}."


def video(file: Path) -> str:
    """What models gain in decoded videos."""
    return markdown_table(read_results(file), ("psnr", "ssimulacra2", "flicker"))


def training(file: Path) -> str:
    """What a step of each recipe costs, and so its whole run."""
    lines = ["| recipe | patches a step | machine | a step | the whole run |", "|---|---|---|---|---|"]
    results = json.loads(file.read_text(encoding="utf-8"))
    for section, row in results.items():
        name, _ = section.split()
        patches = f"{row['batch']} of {row['patch']}x{row['patch']}, {'colour' if row['channels'] == 3 else 'luma'}"
        machine = row["machine"]
        where = machine.get("gpu", f"{machine['cpu']}, {machine['cores']} cores")
        run = f"{row['seconds_per_step'] * row['steps'] / 3600:.1f} h for {row['steps']:,} steps"
        lines.append(f"| `{name}` | {patches} | {where} | {row['seconds_per_step']:.3f} s | {run} |")
    made = {(row["commit"], row["date"]) for row in results.values()}
    return "\n".join([*lines, "", measured_at(made)])


# LIVE1 in colour, as their authors have it: Ehrlich et al., ECCV 2020, and Jiang et al., ICCV 2021.
_PUBLISHED: Final = {
    "QGAC": {"10": 27.62, "20": 29.88, "30": 31.17, "40": 32.05},
    "FBCNN": {"10": 27.77, "20": 30.11, "30": 31.43, "40": 32.34},
}


def gain(file: Path) -> str:
    """What a colour JPEG gains, by quality."""
    results = json.loads(file.read_text(encoding="utf-8"))
    rows = results["gain"]
    before, after = ([row[name] for row in rows.values()] for name in ("jpeg", "restored"))
    gains = [f"{b - a:+.2f}" for a, b in zip(before, after, strict=True)]
    worst = [f"{row['worst']:+.2f}" for row in rows.values() if "worst" in row]
    lines = [
        f"| JPEG quality | {' | '.join(rows)} |",
        "|---" * (len(rows) + 1) + "|",
        f"| JPEG, dB | {' | '.join(f'{value:.2f}' for value in before)} |",
        f"| restored, dB | {' | '.join(f'{value:.2f}' for value in after)} |",
        f"| gain, dB | {' | '.join(gains)} |",
        *([f"| least gain of a picture, dB | {' | '.join(worst)} |"] if worst else []),
        *[
            f"| {name}, as published, dB | {' | '.join(f'{cells[q]:.2f}' if q in cells else '–' for q in rows)} |"
            for name, cells in _PUBLISHED.items()
        ],
        "",
        f"PSNR over RGB, 4:2:0 chroma, mean over LIVE1's {next(iter(rows.values()))['pictures']} pictures, model"
        f" `{Path(results['model']).stem}` in fp32{', from JPEG to PNG' if worst else ''}. {provenance(results)}",
    ]
    return "\n".join(lines)


def peers(file: Path) -> str:
    """What each system gives and costs, all in one run; quality where every paper has a row."""
    results = json.loads(file.read_text(encoding="utf-8"))
    quality = "20"
    lines = ["| | PSNR, dB | PSNR-B, dB | SSIM 8x8 | parameters | MACs a pixel | megapixels/s |", "|---" * 7 + "|"]
    for name, row in results["methods"].items():
        figures = row["quality"][quality]
        counts = [f"{row[count]:,}" if row[count] else "–" for count in ("parameters", "macs_per_pixel")]
        speed = f"{row['megapixels_per_second']:.2f}" if row["megapixels_per_second"] else "–"
        measured = f"{figures['psnr']:.2f} | {figures['psnr_b']:.2f} | {figures['ssim']:.3f}"
        lines.append(f"| {name} | {measured} | {' | '.join(counts)} | {speed} |")
    machine = results["machine"]
    about = f"{TITLES.get(results['dataset'], results['dataset'])}, luma, quality {quality}"
    where = f"{machine['cpu']}, {machine['cores']} cores, fp32, one picture at a time"
    plot = picture("cost.png", "Gain in PSNR against the time a megapixel takes, every method.", "images/")
    return "\n".join([*lines, "", f"{about}; {where}. {provenance(results)}{plot}"])


def picture(name: str, words: str, folder: str) -> str:
    """A plot of docs/images as a paragraph to add, if it has been drawn; `folder` is that from where the page is."""
    return f"\n\n![{words}]({folder}{name})" if (ROOT / "docs" / "images" / name).exists() else ""


# What stands between `<!-- NAME -->` and `<!-- /NAME -->`: made of which results, by what.
SECTIONS: Final[dict[str, tuple[str, Callable[[Path], str]]]] = {
    "gain": ("restore.json", gain),
    "speed": ("bench.json", speed),
    "limits": ("bench.json", bench_table(bench.limits)),
    "shares": ("bench.json", bench_table(bench.shares)),
    "memory": ("bench.json", bench_table(bench.memory)),
    "starts": ("bench.json", starts),
    "stages": ("bench.json", bench_table(bench.stages)),
    "beside": ("bench.json", bench_table(bench.peers)),
    "notes": ("bench.json", bench_notes),
    "install": ("install.json", installs),
    "binary": ("install.json", binary),
    "int8": ("int8.json", int8),
    "extremes": ("restore.json", extremes),
    "table1": ("table1.json", table1),
    "ablation": ("ablation.json", ablation),
    "table2": ("detection.json", table2),
    "codecs": ("codecs.json", codecs),
    "peers": ("peers.json", peers),
    "kinds": ("reliability.json", kinds),
    "reliability": ("reliability.json", reliability),
    "load": ("serve.json", load),
    "harm": ("harm.json", harm),
    "gan": ("gan.json", gan),
    "video": ("video.json", video),
    "training": ("training.json", training),
    "folder": ("scale.json", folder),
    "workers": ("scale.json", workers),
    "fleet": ("scale.json", fleet),
}

if __name__ == "__main__":
    main()
