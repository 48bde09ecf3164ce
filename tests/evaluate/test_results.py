import math
from pathlib import Path

import pytest

from artifix.errors import DataError, OutputError
from artifix.evaluate.datasets import Dataset
from artifix.evaluate.records import Cell, Record
from artifix.evaluate.report import notes
from artifix.evaluate.results import Results, open_results, read_results, write_results

DATASET = Dataset("mine", (Path("mine/a.png"), Path("mine/b.png")), "f00", exact=False)


def record(image, psnr=30.0, *, method="jpeg", fingerprint="", commit="abc1234", date="2026-01-01", **further):
    figures = {"psnr": psnr, "psnr_b": 29.0, "ssim": 0.8, "ssim_gaussian": 0.78, "bpp": 0.3, "seconds": 0.1}
    return Record("mine", image, Cell("jpeg", 10, method, fingerprint), commit, date, figures | further)


@pytest.fixture
def results():
    results = Results("luma")
    results.include(DATASET)
    return results


def test_a_mean_is_of_a_whole_set(results):
    results.add(record("a.png", 30.0))
    assert results.means() == []
    results.add(record("b.png", 32.0, commit="def5678", date="2026-01-02", ssimulacra2=50.0))
    (mean,) = results.means()
    assert (mean.figures["psnr"], mean.images, mean.date) == (31.0, 2, "2026-01-02")
    assert mean.commit == "abc1234, def5678"
    assert "ssimulacra2" not in mean.figures  # known of one picture only


def test_a_mean_is_of_one_model(results):
    results.add(record("a.png", fingerprint="old"))
    results.add(record("b.png", fingerprint="new"))
    assert results.means() == []
    results.add(record("a.png", fingerprint="new"))
    assert len(results.means()) == 1


def test_what_is_written_is_read(results, tmp_path):
    results.add(record("a.png", math.inf), record("b.png", 31.0))
    results.skipped["ssimulacra2"] = "not installed"
    write_results(tmp_path / "r.json", results)
    read = read_results(tmp_path / "r.json")
    assert (read.means(), read.datasets, read.skipped) == (results.means(), results.datasets, results.skipped)
    write_results(tmp_path / "r.json", read)  # replaces itself
    assert read_results(tmp_path / "r.json") == read
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_records_are_kept_beside_the_file_as_they_come(tmp_path):
    path = tmp_path / "r.json"
    results = open_results(path, "luma")
    results.include(DATASET)
    results.add(record("a.png", math.inf))
    again = open_results(path, "luma")  # as if the first process had been killed
    assert again.records == results.records
    assert again.means() == []
    again.add(record("b.png", 31.0, lpips=0.25))
    again.add(record("a.png", 30.0))
    again.save()
    third = open_results(path, "luma")
    assert list(third.records.values()) == [record("a.png", 30.0), record("b.png", 31.0, lpips=0.25)]
    assert [mean.figures["psnr"] for mean in read_results(path).means()] == [30.5]
    kept = path.with_suffix(".records.sqlite3").read_bytes()
    path.unlink()
    with pytest.raises(OutputError, match=r"r\.records\.sqlite3: holds the records of .*r\.json, which is not there"):
        open_results(path, "luma")
    assert path.with_suffix(".records.sqlite3").read_bytes() == kept


def test_records_that_cannot_be_kept_are_an_error(tmp_path):
    path = tmp_path / "r.json"
    results = open_results(path, "luma")
    results.include(DATASET)
    (tmp_path / "r.records.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(OutputError, match=r"r\.records\.sqlite3: records cannot be kept there"):
        results.add(record("a.png"))
    with pytest.raises(OutputError, match=r"r\.records\.sqlite3"):
        open_results(path, "luma")


def test_means_stay_where_their_records_are_gone(results, tmp_path):
    path = tmp_path / "r.json"
    for image, psnr in (("a.png", 30.0), ("b.png", 32.0)):
        results.add(record(image, psnr, method="mse", fingerprint="old"))
    write_results(path, results)
    bare = open_results(path, "luma")
    assert bare.records == {}
    assert bare.means() == results.means()
    assert bare.means()[0].fingerprint == "old"
    bare.add(record("a.png", 40.0, method="mse", fingerprint="new"))
    assert [mean.figures["psnr"] for mean in bare.means()] == [31.0]  # the new one is not measured whole
    bare.add(record("b.png", 40.0, method="mse", fingerprint="new"))
    bare.save()
    assert [mean.figures["psnr"] for mean in read_results(path).means()] == [40.0]


def test_what_was_measured_earlier_is_said(results, tmp_path):
    path = tmp_path / "r.json"
    results.add(record("a.png"), record("b.png"))
    assert notes(results) == []
    write_results(path, results)
    again = open_results(path, "luma")
    line = f"From {path}, measured 2026-01-01 at commit abc1234: jpeg at 10"
    assert notes(again) == [line]
    again.add(record("a.png", method="mse"), record("b.png", method="mse"))
    assert notes(again) == [line]
    again.add(record("a.png", date="2026-01-02"), record("b.png", date="2026-01-02"))
    assert notes(again) == []


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"datasets": {}, "protocol": "luma", "skipped": {}, "records": [{}]}']
)
def test_another_file_is_refused_by_name(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DataError, match=r"r\.json: no results"):
        read_results(tmp_path / "r.json")


def test_a_file_that_cannot_be_written(results, tmp_path):
    with pytest.raises(OutputError, match=r"r\.json: cannot be written"):
        write_results(tmp_path / "missing" / "r.json", results)
