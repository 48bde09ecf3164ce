import io
from dataclasses import replace

import pytest
from rich.console import Console

from artifix.errors import DataError
from artifix.evaluate.detection.report import detection_sections, draw_curve, write_detection_page
from artifix.evaluate.detection.results import (
    Comparison,
    DetectionResults,
    Mean,
    Summary,
    read_summary,
    write_detection,
)
from artifix.evaluate.rates import Coding
from artifix.evaluate.records import Cell, Record
from artifix.evaluate.report import markdown, terminal


def mean(method, quality, figure, codec="jpeg", recovered=None):
    interval = (figure - 0.05, figure + 0.05)
    whole = None if recovered is None else (recovered - 0.3, recovered + 0.3)
    ap = {"cat": figure + 0.1, "dog": figure - 0.1}
    codec = codec if quality else None
    return Mean(codec, quality, method, 3, figure, interval, figure, recovered, whole, ap, ap, "abc1234", "2026-01-01")


@pytest.fixture
def measured():
    results = DetectionResults("mine", "f00", "told", "f01", {f"{n}.jpg": {"cat": 2} for n in range(3)})
    results.left_out = [f"Annotations/{n}.xml: <gone>" for n in range(7)]
    results.codings = [Coding("webp", 20, 31, bpp=0.5)]
    results.add(Record("mine", "0.jpg", Cell(None, None, "original", ""), "abc1234", "2026-01-01"))
    means = [mean("original", None, 0.5), mean("jpeg", 10, 0.3), mean("mse", 10, 0.4, recovered=0.5)]
    means += [mean("jpeg", 20, 0.4), mean("webp", 20, 0.45, "webp"), mean("mse", 20, 0.46, "webp")]
    gain = Comparison("jpeg", 10, "mse", "jpeg", 0.1, (0.02, 0.18))
    chance = Comparison("webp", 20, "mse", "webp", 0.01, (-0.02, 0.04))
    return results, Summary(means, [gain, chance])


def test_the_whole_set_then_the_classes_of_each_quality(measured):
    overall, ten, twenty = detection_sections(*measured)
    assert overall.title == "mine: 3 pictures, 6 objects, seen by told"
    assert overall.columns == ["10", "20"]
    sheets = {sheet.heading: sheet.rows for sheet in overall.sheets}
    area = {row: list(map(str, cells)) for row, cells in sheets["mAP, area (95 %)"].items()}
    assert area["original"] == ["0.500 (0.450..0.550)"] * 2
    assert area["mse"] == ["0.400 (0.350..0.450)", "–"]
    assert area["webp, mse"] == ["–", "0.460 (0.410..0.510)"]
    assert str(sheets["share recovered (95 %)"]["mse"][0]) == "0.50 (0.20..0.80)"
    gain, chance = (sheets["difference (95 %)"][row] for row in ("mse over jpeg", "mse over webp"))
    assert (str(gain[0]), gain[0].verdict) == ("+0.100 (+0.020..+0.180)", "reached")
    assert (str(chance[1]), chance[1].verdict) == ("+0.010 (-0.020..+0.040)", "")
    assert ten.columns == ["original", "jpeg", "mse"]
    assert twenty.columns == ["original", "jpeg", "webp", "webp, mse"]
    assert {row: [str(cell) for cell in cells] for row, cells in ten.sheets[0].rows.items()} == {
        "cat": ["0.600", "0.400", "0.500"],
        "dog": ["0.400", "0.200", "0.300"],
        "mAP": ["0.500", "0.300", "0.400"],
    }


def test_what_was_left_out_is_counted_and_the_first_are_named(measured):
    overall, *_ = detection_sections(*measured)
    text = "\n".join(overall.notes)
    assert "7 things could not be used" in text
    assert text.count("<gone>") == 5
    assert "and 2 more" in text
    assert "webp at quality 31, 0.5000 bits per pixel." in text


def test_in_the_terminal_and_in_markdown(measured):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(terminal(detection_sections(*measured)))
    for text in (console.export_text(), markdown(detection_sections(*measured))):
        assert "+0.100 (+0.020..+0.180)" in text
        assert "7 things could not be used" in text


def test_the_page_has_tables_and_curve_and_needs_nothing_beside_it(measured, tmp_path):
    pytest.importorskip("matplotlib")
    write_detection_page(tmp_path / "page.html", *measured)
    text = (tmp_path / "page.html").read_text()
    assert text.count("<table>") == 3
    assert text.count("<svg") == 1
    assert "quality of the JPEG of as many bits" in text
    assert "&lt;gone&gt;" in text
    assert "<gone>" not in text
    assert "<script" not in text
    assert "abc1234" in text


def test_without_intervals_there_is_a_dash_and_a_line(measured):
    results, summary = measured
    means = [replace(mean, interval=None, recovered=None, recovered_interval=None) for mean in summary.means]
    comparisons = [replace(one, interval=None) for one in summary.comparisons]
    overall, *_ = detection_sections(results, Summary(means, comparisons))
    sheets = {sheet.heading: sheet.rows for sheet in overall.sheets}
    assert str(sheets["mAP, area (95 %)"]["jpeg"][0]) == "0.300 (–)"
    assert (str(sheets["difference (95 %)"]["mse over jpeg"][0])) == "+0.100 (–)"
    assert "No intervals: fewer than 10 pictures have something to be found." in overall.notes


def curve_of(means):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    draw_curve(figure, Summary(means, []))
    (axes,) = figure.axes
    return axes


def test_rows_stand_a_little_apart_and_bars_end_where_intervals_do(measured):
    _, summary = measured
    axes = curve_of(summary.means)
    assert axes.get_xlabel() == "quality of the JPEG of as many bits"
    places = [place for bars in axes.containers for place in bars.lines[0].get_xdata()]
    assert len(set(places)) == len(places) == 5
    assert all(min(abs(place - quality) for quality in (10, 20)) < 2 for place in places)
    assert curve_of(summary.means[:3]).get_xlabel() == "JPEG quality"


def test_an_interval_that_leaves_its_figure_out_or_is_none_is_drawn(measured):
    _, summary = measured
    biased = [replace(mean, interval=(0.6, 0.7)) for mean in summary.means]
    for mean in [*biased, *(replace(mean, interval=None) for mean in summary.means)]:
        curve_of([mean])


def test_a_file_gives_its_summary_back_without_measuring_again(measured, tmp_path):
    results, summary = measured
    write_detection(tmp_path / "out.json", results, summary)
    read, again = read_summary(tmp_path / "out.json")
    assert again == summary
    assert (read.dataset, read.detector, read.codings) == (results.dataset, results.detector, results.codings)
    assert read.records == {}
    (tmp_path / "out.json").write_text("{}")
    with pytest.raises(DataError, match=r"out\.json: no results of"):
        read_summary(tmp_path / "out.json")
