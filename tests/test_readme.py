"""The README says what was measured, and its commands exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.evaluate.datasets import Dataset
from artifix.evaluate.detection.results import DetectionResults, Summary, write_detection
from artifix.evaluate.detection.results import Mean as DetectionMean
from artifix.evaluate.rates import Coding
from artifix.evaluate.results import Results, write_results

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = "".join(re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
COMMANDS = sorted(set(re.findall(r"^artifix ([a-z-]+)", SHELL, re.MULTILINE)))


def test_every_figure_comes_from_the_results():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs" / "readme.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_exist(command):
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_its_pictures_and_pages_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) >= 2
    assert all((ROOT / link).exists() for link in links)


@pytest.fixture
def readme(program):
    return program("readme")


def test_the_codec_table_says_what_each_model_adds(readme, make_record, tmp_path):
    results = Results("colour", skipped={"bpg": "no bpgenc", "lpips": "no torch"})
    results.include(Dataset("mine", (tmp_path / "a.png",), "f", exact=False))
    results.codings["mine"] = [Coding("jpeg", 20, 20, bpp=0.5), Coding("webp", 20, 31, bpp=0.501)]
    for codec, method, psnr in (
        ("jpeg", "jpeg", 28),
        ("jpeg", "mse", 29.5),
        ("webp", "webp", 30),
        ("webp", "mse", 29.9),
        ("webp", "mse-any", 30.4),
    ):
        results.add(make_record("mine", 20, method, psnr, codec))
    write_results(tmp_path / "codecs.json", results)
    text = readme.codecs(tmp_path / "codecs.json")
    assert "| codec | decoded, dB | `mse` | `mse-any` |" in text
    assert "| jpeg | 28.00 | +1.50 | – |" in text
    assert "| webp | 30.00 | -0.10 | +0.40 |" in text
    assert "webp at quality 31, 0.5010 bits per pixel" in text
    assert "Left out: bpg (no bpgenc)." in text
    assert "lpips" not in text
    assert text.endswith("Measured at commit abc1234, 2026-01-01.")
    assert '"image"' not in (tmp_path / "codecs.json").read_text()


def test_the_ablation_has_a_row_for_each_model_and_nothing_published(readme, make_record, tmp_path):
    results = Results("luma")
    results.include(Dataset("live1", (tmp_path / "a.png",), "f", exact=True))
    for method, psnr in (("jpeg", 27.77), ("sum", 29.0), ("tanh", 28.5)):
        results.add(make_record("live1", 10, method, psnr))
    write_results(tmp_path / "ablation.json", results)
    assert readme.ablation(tmp_path / "ablation.json").splitlines() == [
        "| PSNR in dB, SSIM 8x8 | 10 |",
        "|---|---|",
        "| jpeg | 27.77, 0.800 |",
        "| sum | 29.00, 0.800 |",
        "| tanh | 28.50, 0.800 |",
        "",
        "LIVE1, 1 pictures. Measured at commit abc1234, 2026-01-01.",
    ]


def test_what_int8_loses_is_told_by_model_and_quality(readme, make_record, tmp_path):
    results = Results("colour")
    results.include(Dataset("live1", (tmp_path / "a.png",), "f", exact=True))
    results.include(Dataset("sky", (tmp_path / "sky.png",), "f", exact=False))
    for quality in (10, 20, 40, 80):
        for dataset, method, psnr, perceived in (
            ("live1", "mse", 30.0, 40.0),
            ("live1", "mse int8", 29.98, 40.1),
            ("live1", "fast", 29.0, 39.0),
            ("sky", "mse", 40.0, 80.0),
            ("sky", "mse int8", 38.75, 80.0),
        ):
            results.add(make_record(dataset, quality, method, psnr, ssimulacra2=perceived))
    write_results(tmp_path / "int8.json", results)
    assert readme.int8(tmp_path / "int8.json").splitlines() == [
        "| model | lost | 10 | 20 | 40 | 80 |",
        "|---|---|---|---|---|---|",
        "| mse | PSNR, dB | 0.020 | 0.020 | 0.020 | 0.020 |",
        "| mse | SSIMULACRA 2 | -0.10 | -0.10 | -0.10 | -0.10 |",
        "| mse | PSNR of a smooth sky, dB | 1.25 | 1.25 | 1.25 | 1.25 |",
        "",
        "Mean over 1 pictures, RGB, 4:2:0; less than 0 is a gain.",
        "Measured at commit abc1234, 2026-01-01.",
    ]


def test_what_loads_slower_than_is_the_goal_is_named(readme, tmp_path):
    def row(seconds):
        return {"start": dict.fromkeys(("cold_seconds", "warm_seconds", "cold_load_seconds"), 0.5) | seconds}

    loads = {"openvino fp32": 0.13, "openvino int8": 0.172, "torch fp32": 0.9}
    engines = {name: row({"warm_load_seconds": seconds}) for name, seconds in loads.items()}
    (tmp_path / "bench.json").write_text(json.dumps({"engines": engines}))
    assert readme.starts(tmp_path / "bench.json").endswith("within 150 ms; longer: openvino int8 172 ms.")


def test_what_is_asked_of_the_vivid_model_is_answered_by_set_and_quality(readme, make_record, tmp_path):
    results = Results("colour")
    results.include(Dataset("mine", (tmp_path / "a.png",), "f", exact=False))
    for quality, method, texture, mosquito in (
        (10, "jpeg", 0.2, 30.0),
        (10, "ssim", 0.7, 9.0),
        (10, "gan", 1.2, 10.0),
        (20, "jpeg", 0.4, 8.0),
        (20, "ssim", 0.9, 6.0),
        (20, "gan", 1.2, 9.0),
    ):
        psnr = 28 + (method == "gan")
        results.add(make_record("mine", quality, method, psnr, texture=texture, mosquito=mosquito))
    write_results(tmp_path / "gan.json", results)
    assert [line for line in readme.gan(tmp_path / "gan.json").splitlines() if line.startswith("- ")] == [
        "- Has `gan` a higher PSNR than `jpeg`? yes, on mine at 10, 20.",
        "- Has `gan` less mosquito noise than `jpeg`? no, on mine at 20; yes, on mine at 10.",
        "- Has `gan` a texture nearer to 1 than `ssim`? no, on mine at 20; yes, on mine at 10.",
    ]


def test_table_2_names_the_detector_and_gives_the_classes_at_the_papers_quality(readme, tmp_path, monkeypatch):
    monkeypatch.setattr(readme, "ROOT", tmp_path)

    def mean(method, quality, figure):
        recovered = (0.5, (0.2, 0.8)) if method == "gan" else (None, None)
        interval, ap = (figure - 0.1, figure + 0.1), {"cat": figure}
        codec = "jpeg" if quality else None
        return DetectionMean(
            codec, quality, method, 1, figure, interval, figure, *recovered, ap, ap, "abc1234", "2026-01-01"
        )

    results = DetectionResults("voc", "f", "nano", "f", {"a.jpg": {"cat": 2}})
    means = [mean("original", None, 0.6)]
    means += [mean(method, quality, 0.3) for quality in (10, 20) for method in ("jpeg", "gan")]
    write_detection(tmp_path / "detection.json", results, Summary(means, []))
    text = readme.table2(tmp_path / "detection.json")
    assert "### voc: 1 pictures, 2 objects, seen by nano" in text
    assert "| gan | 0.50 (0.20..0.80) | 0.50 (0.20..0.80) |" in text
    assert "By class, at quality 20" in text
    assert "By class, at quality 10" not in text
    assert "| cat | 0.600 | 0.300 | 0.300 |" in text
    assert text.endswith("Measured at commit abc1234, 2026-01-01.")
    (tmp_path / "docs" / "images").mkdir(parents=True)
    (tmp_path / "docs" / "images" / "detection.png").touch()
    assert readme.table2(tmp_path / "detection.json").endswith("](images/detection.png)")
