import io
from pathlib import Path

import pytest
from rich.console import Console

from artifix.evaluate.datasets import Dataset
from artifix.evaluate.report import Cell, markdown_table, sections, terminal_table
from artifix.evaluate.results import Results


@pytest.fixture
def add(make_record):
    """add(results, method, psnr), of the one picture at quality 10."""
    return lambda results, method, psnr: results.add(make_record("live1", 10, method, psnr))


@pytest.fixture
def results(add):
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


def test_the_papers_rows_come_first_and_in_its_order_then_ours_alone_and_other_papers_apart(results, add):
    add(results, "sa-dct", 28.6)
    (section,) = sections(results)
    table, apart = section.sheets[:2]
    rows = {method: str(cells[0]) for method, cells in table.rows.items()}
    assert list(rows) == ["jpeg", "sa-dct", "ar-cnn", "l4", "mse-y", "ssim", "gan", "mse-y+"]
    assert rows["mse-y"] == "29.45 / 29.45"
    assert rows["mse-y+"] == "29.60"
    assert rows["ar-cnn"] == "– / 29.13"
    assert apart.heading == "PSNR, dB, other papers"
    assert {method: str(cells[0]) for method, cells in apart.rows.items()} == {
        "dncnn-3": "29.19",
        "qgac": "29.51",
        "fbcnn": "29.75",
        "swinir": "29.86",
    }
    assert "Ours alone: mse-y+." in section.notes
    assert any(note.startswith("+: the mean over") for note in section.notes)


def test_without_other_papers_neither_their_rows_nor_their_names_are_there(results, add):
    add(results, "dncnn-3", 29.0)
    (section,) = sections(results, ("psnr",), others=False)
    (table,) = section.sheets
    assert str(table.rows["dncnn-3"][0]) == "29.00 / 29.19"  # measured, so it stands beside its paper
    assert "swinir" not in table.rows
    assert "SwinIR" not in section.notes[0]
    assert "DnCNN" in section.notes[0]


def test_a_shortfall_is_the_largest_of_a_row_as_printed(results, make_record):
    for method in ("jpeg", "mse-y", "mse-y+"):
        results.add(make_record("live1", 20, method, 31.5))
    (section,) = sections(results, ("psnr",))
    assert section.sheets[0].shortfall == "mse-y by 0.27"  # 31.50 / 31.77; 29.446 is as good as 29.45
    assert "Below the published figure at most: mse-y by 0.27." in markdown_table(results)


def test_published_figures_stay_away_from_other_pictures(results):
    results.include(Dataset("live1", (Path("live1/a.png"),), "f00", exact=False))
    (section,) = sections(results)
    assert list(section.sheets[0].rows) == ["jpeg", "mse-y", "mse-y+"]
    assert "not a known set" in section.title
    assert all(cell.published is None for sheet in section.sheets for cells in sheet.rows.values() for cell in cells)


def test_markdown(results):
    text = markdown_table(results)
    assert "### LIVE1, luma: 1 pictures, exactly this set" in text
    assert "| PSNR, dB | 10 |\n|---|---|\n| jpeg | 27.77 / 27.77 |\n| sa-dct | – / 28.65 |" in text
    assert "| l4 | – / 29.08 |\n| mse-y | **29.45** / 29.45 |" in text
    assert text.endswith("Measured at commit abc1234, 2026-01-01.\n")


def test_terminal(results):
    results.skipped["lpips"] = "not installed"
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(terminal_table(results))
    text = console.export_text()
    assert "29.45 / 29.45" in text
    assert "lpips left out: not installed" in text
