import math
from pathlib import Path

import pytest

from artifix.errors import DataError, OutputError
from artifix.evaluate.datasets import Dataset
from artifix.evaluate.results import Record, Results, read_results, write_results


def record(image, psnr=30.0, **changes):
    values = {
        "dataset": "mine",
        "image": image,
        "quality": 10,
        "method": "jpeg",
        "fingerprint": "",
        "psnr": psnr,
        "psnr_b": 29.0,
        "ssim": 0.8,
        "ssim_gaussian": 0.78,
        "bpp": 0.3,
        "seconds": 0.1,
        "commit": "abc1234",
        "date": "2026-01-01",
    }
    return Record(**(values | changes))


@pytest.fixture
def results():
    results = Results("luma")
    results.include(Dataset("mine", (Path("mine/a.png"), Path("mine/b.png")), "f00", exact=False))
    return results


def test_a_mean_is_of_a_whole_set(results):
    results.add(record("a.png", 30.0))
    assert results.means() == []
    results.add(record("b.png", 32.0, commit="def5678", date="2026-01-02", ssimulacra2=50.0))
    (mean,) = results.means()
    assert (mean.psnr, mean.images, mean.date) == (31.0, 2, "2026-01-02")
    assert mean.commit == "abc1234, def5678"
    assert mean.ssimulacra2 is None  # known of one picture only


def test_a_mean_is_of_one_model(results):
    results.add(record("a.png", fingerprint="old"))
    results.add(record("b.png", fingerprint="new"))
    assert results.means() == []
    results.add(record("a.png", fingerprint="new"))
    assert len(results.means()) == 1


def test_what_is_written_is_read(results, tmp_path):
    results.add(record("a.png", math.inf))
    results.add(record("b.png", lpips=0.25))
    results.skipped["ssimulacra2"] = "not installed"
    write_results(tmp_path / "r.json", results)
    assert read_results(tmp_path / "r.json") == results
    write_results(tmp_path / "r.json", results)  # replaces itself
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_means_stay_where_their_records_were_left_out(results, tmp_path):
    path = tmp_path / "r.json"
    for image, psnr in (("a.png", 30.0), ("b.png", 32.0)):
        results.add(record(image, psnr, method="mse", fingerprint="old"))
    write_results(path, results.without_records())
    bare = read_results(path)
    assert bare.records == {}
    assert bare.means() == results.means()
    assert bare.means()[0].fingerprint == "old"
    bare.add(record("a.png", 40.0, method="mse", fingerprint="new"))
    assert [mean.psnr for mean in bare.means()] == [31.0]  # the new one is not measured whole
    bare.add(record("b.png", 40.0, method="mse", fingerprint="new"))
    write_results(path, bare)
    assert [mean.psnr for mean in read_results(path).means()] == [40.0]


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
