import io
from pathlib import Path

import pytest
from rich.console import Console

from artifix.evaluate.datasets import Dataset
from artifix.evaluate.report import Cell, markdown_table, sections, terminal_table
from artifix.evaluate.results import Record, Results


def add(results, method, psnr, ssim=0.8):
    results.add(Record("live1", "a.png", 10, method, "", psnr, psnr - 1, ssim, 0.78, 0.3, 0.1, "abc1234", "2026-01-01"))


@pytest.fixture
def results():
    results = Results("luma")
    results.include(Dataset("live1", (Path("live1/a.png"),), "f00", exact=True))
    add(results, "jpeg", 27.77)
    add(results, "mse-y", 29.446)
    add(results, "mse-y+", 29.6)
    return results


@pytest.mark.parametrize(
    ("cell", "text", "verdict"),
    [
        (Cell(29.446, 29.45, 2), "29.45 / 29.45", "reached"),
        (Cell(29.444, 29.45, 2), "29.44 / 29.45", "below"),
        (Cell(None, 0.834, 3), "– / 0.834", "published"),
        (Cell(0.8336, None, 3), "0.834", ""),
        (Cell(27.77, 27.77, 2, control=True), "27.77 / 27.77", ""),
    ],
)
def test_cells(cell, text, verdict):
    assert (str(cell), cell.verdict) == (text, verdict)


def test_ours_stand_beside_the_papers_and_the_papers_others_after_them(results):
    (section,) = sections(results)
    rows = {method: str(cells[0]) for method, cells in section.sheets[0].rows.items()}
    assert list(rows)[:3] == ["jpeg", "mse-y", "mse-y+"]
    assert rows["mse-y"] == "29.45 / 29.45"
    assert rows["mse-y+"] == "29.60"
    assert rows["sa-dct"] == "– / 28.65"
    assert "mse" not in rows


def test_published_figures_stay_away_from_other_pictures(results):
    results.include(Dataset("live1", (Path("live1/a.png"),), "f00", exact=False))
    (section,) = sections(results)
    assert list(section.sheets[0].rows) == ["jpeg", "mse-y", "mse-y+"]
    assert "not a known set" in section.title
    assert all(cell.published is None for sheet in section.sheets for cells in sheet.rows.values() for cell in cells)


def test_markdown(results):
    text = markdown_table(results)
    assert "### LIVE1, luma: 1 pictures, exactly this set" in text
    assert "| PSNR, dB | 10 |\n|---|---|\n| jpeg | 27.77 / 27.77 |\n| mse-y | **29.45** / 29.45 |" in text
    assert text.endswith("Measured at commit abc1234, 2026-01-01.\n")


def test_terminal(results):
    results.skipped["lpips"] = "not installed"
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal_table(results))
    text = console.export_text()
    assert "29.45 / 29.45" in text
    assert "lpips left out: not installed" in text
