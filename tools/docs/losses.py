"""The tables of docs/reliability.md and docs/harm.md: what was tried, how often, what was lost."""

import json
from pathlib import Path
from typing import Any, Final


def reliability(file: Path) -> str:
    """What was tried, how often, what was lost."""
    results = json.loads(file.read_text(encoding="utf-8"))
    lines = ["| tried | times | how it ended | lost |", "|---|---|---|---|"]
    for name, what in (("pictures", "mutated picture files"), ("videos", "mutated video files")):
        if found := results.get(name):
            ends = ", ".join(f"{number:,} {outcome}" for outcome, number in found["outcomes"].items())
            worst = f"at most {found['slowest_seconds']:.1f} s and {found['peak_gib']:.2f} GiB"
            lines.append(f"| {what} | {found['count']:,} | {ends}; {worst} | {_lost(found['lost'])} |")
    if found := results.get("parsers"):
        ends = f"through {found['parsers']} parsers of our own, guided by coverage, for {found['seconds']} s"
        lines.append(f"| inputs made by atheris | {found['count']:,} | {ends} | {_lost(found['lost'])} |")
    if "http" in results:
        lines.append(_http(results["http"]))
    for name, what in _KILLED.items():
        if found := results.get(f"killed_{name}"):
            lost = sum(found.get(loss, 0) for loss in _LOSSES)
            lines.append(f"| `kill -9` of a {what} | {found['count']} | {_after_kills(found)} | {_lost(lost)} |")
    lines += [row(results[name]) for name, row in _SERVER_KILLS.items() if name in results]
    tried = [section for name, section in results.items() if name != "memory"]
    commits = ", ".join(sorted({section["commit"] for section in tried}))
    days = ", ".join(sorted({section["date"] for section in tried}))
    return "\n".join([*lines, "", f"Measured at commit {commits}, {days}."])


def kinds(file: Path) -> str:
    """The most memory that pictures of each kind take, from file to file."""
    found = json.loads(file.read_text(encoding="utf-8"))["memory"]
    lines = ["| kind | pixels | all processes together, at most |", "|---|---|---|"]
    lines += [f"| {row['kind']} | {row['width']} x {row['height']} | {row['gib']:.2f} GiB |" for row in found["rows"]]
    model = f"With the model `{found['model']}` and the default `--max-memory`."
    return "\n".join([*lines, "", f"{model} Measured at commit {found['commit']}, {found['date']}."])


def harm(file: Path) -> str:
    """What restoring gains each kind of picture, by sampling and quality, and every row that loses."""
    found = json.loads(file.read_text(encoding="utf-8"))
    tables = [_once(found["rows"], sampling) for sampling in ("4:2:0", "4:4:4")]
    others = [row for row in found["rows"] if row["case"] != "once"]
    lines = ["| case | kinds | mean gain, dB | least gain of a picture, dB |", "|---|---|---|---|"]
    for case in dict.fromkeys(map(_case, others)):
        rows = [row for row in others if _case(row) == case]
        mean = sum(row["gain"] for row in rows) / len(rows)
        lines.append(f"| {case} | {len(rows)} | {mean:+.2f} | {min(row['worst'] for row in rows):+.2f} |")
    lost = [row for row in found["rows"] if row["gain"] < _MEAN or row["worst"] < _WORST]
    named = [
        f"{row['kind']}, {_case(row)}: {row['gain']:+.2f} in the mean, {row['worst']:+.2f} at worst" for row in lost
    ]
    verified = [row for row in found["rows"] if "verify" in row]
    made = f"{sum(row['verify'] for row in verified)} of {sum(row['pictures'] for row in verified)}"
    text = [
        f"Rows that lose more than {-_MEAN} dB in the mean, or {-_WORST} dB in one picture:"
        f" {len(lost)} of {len(found['rows'])}.",
        *(f"- {name}." for name in named),
        "",
        f"Of the JPEGs that were coded once, {made} verify after they were restored. Model `{found['model']}`, with the"
        f" defaults, to PNG. Measured at commit {found['commit']}, {found['date']}.",
    ]
    return "\n\n".join([*tables, "\n".join(lines), "\n".join(text)])


_MEAN, _WORST = -0.05, -0.2  # dB, as in benchmarks/harm.py


def _once(rows: list[dict[str, Any]], sampling: str) -> str:
    """The mean gain, and the least, of JPEGs coded once."""
    rows = [row for row in rows if row["case"] == "once" and row["sampling"] == sampling]
    qualities, kinds = (list(dict.fromkeys(row[name] for row in rows)) for name in ("quality", "kind"))
    cells = {(row["kind"], row["quality"]): f"{row['gain']:+.2f} ({row['worst']:+.2f})" for row in rows}
    lines = [f"| {sampling} | {' | '.join(map(str, qualities))} |", "|---" * (len(qualities) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(cells[kind, quality] for quality in qualities)} |" for kind in kinds]
    return "\n".join(lines)


def _case(row: dict[str, Any]) -> str:
    if row["case"].startswith("twice"):
        return f"coded {row['case']}, {row['first']} then {row['quality']}"
    return " ".join(str(row[name]) for name in ("case", "quality", "sampling") if name in row)


_KILLED: Final = {"folder": "folder run", "video": "video", "training": "training"}
_LOSSES: Final = (
    *("inputs_changed", "outputs_broken", "outputs_missing", "left_behind"),
    *("checkpoints_broken", "starts_refused", "steps_lost"),
)


def _after_kills(found: dict[str, Any]) -> str:
    if "steps_at_the_end" in found:
        return f"went on from the newest checkpoint each time, to step {found['steps_at_the_end']}"
    return f"{found['killed_midway']} with something written; each run completed when started again"


def _http(uploads: dict[str, Any]) -> str:
    ends = ", ".join(f"{number:,} {outcome}" for outcome, number in uploads["outcomes"].items())
    worst = f"at most {uploads['slowest_seconds']:.1f} s"
    memory = f"{uploads['warm_gib']:.2f} GiB when warm, {uploads['end_gib']:.2f} GiB at the end"
    ends = f"{ends}; {worst}; {memory}"
    return f"| mutated uploads to the web server | {uploads['count']:,} | {ends} | {_lost(uploads['lost'])} |"


def _study(kills: dict[str, Any]) -> str:
    lost = kills["ratings_lost"] + kills["ratings_doubled"] + kills["pictures_changed"] + kills["starts_refused"]
    ends = f"{kills['killed_while_rating']} while simulated raters rated; {kills['ratings']:,} ratings acknowledged"
    return f"| `kill -9` of a rating study | {kills['count']} | {ends} | {_lost(lost)} |"


def _web(kills: dict[str, Any]) -> str:
    lost = kills["inputs_changed"] + kills["answers_wrong"] + kills["starts_refused"]
    ends = f"{kills['killed_at_work']} with pictures at work; {kills['answers']:,} answers came, each whole"
    return f"| `kill -9` of the web server | {kills['count']} | {ends} | {_lost(lost)} |"


_SERVER_KILLS: Final = {"killed_study": _study, "killed_web": _web}


def load(file: Path) -> str:
    """The web server under many uploads at once."""
    results = json.loads(file.read_text(encoding="utf-8"))
    machine, latency, peak = results["machine"], results["latency_seconds"], results["peak_gib"]
    figures = {
        "uploads at once": results["uploads"],
        "Mpixel each": results["megapixels_each"],
        "lost": results["lost"],
        "wrong": results["wrong"],
        "left on disk": results["left_on_disk"],
        "told to come again": results["refused_and_come_again"],
        "all done after": f"{results['seconds']:.0f} s",
        "one answer, median and longest": f"{latency['median']:.1f} s, {latency['longest']:.1f} s",
        "most memory, after one and after all": f"{peak['after_one']:.2f} GiB, {peak['after_all']:.2f} GiB",
    }
    if "hang_ups" in results:
        free = results["hang_ups"]["place_free_after_seconds"]
        figures["a place free after its client hung up, median and longest"] = (
            f"{free['median']:.2f} s, {free['longest']:.2f} s"
        )
        series = results["series"]
        for count, name in ((100, "resident_gib_after_100"), (series["pictures"], "resident_gib_at_the_end")):
            if name in series:
                figures[f"memory after {count} more"] = f"{series[name]:.2f} GiB"
    lines = [f"| {' | '.join(figures)} |", "|---" * len(figures) + "|", f"| {' | '.join(map(str, figures.values()))} |"]
    note = f"{results['note']}. " if "note" in results else ""
    measured = f"Measured at commit {results['commit']}, {results['date']}."
    return "\n".join([*lines, "", f"{note}{machine['cpu']}, {machine['cores']} cores. {measured}"])


def _lost(count: int) -> str:
    return str(count) if count else "nothing"
