import json
import sys

import numpy as np
import pytest
from PIL import Image

from artifix import color
from artifix.codecs import decode, degrade
from artifix.errors import DataError, ModelError
from artifix.evaluate import datasets, metrics, quality
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.metric import Metric
from artifix.evaluate.published import read_published
from artifix.evaluate.quality import TOLERANCES, check_jpeg_rows, evaluate_quality, make_pair
from artifix.evaluate.registry import METRICS
from artifix.evaluate.report import sections
from artifix.evaluate.results import open_results, read_results


@pytest.fixture
def pictures(photograph, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(photograph[8 * number :]).save(folder / f"{number}.png")
    return folder


class Counting:
    """A method that darkens, and keeps count; it fails at the picture `stop_at`, counting from 1."""

    def __init__(self, stop_at=None):
        self.calls, self.stop_at = 0, stop_at

    def __call__(self, degraded, file):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return degraded - np.minimum(degraded, 1)


def test_figures_are_those_of_the_protocol(pictures, photograph):
    results = evaluate_quality(pictures, [10, 40], [Method("darker", Counting())])
    target = color.luma(photograph)
    degraded = degrade(target, quality=40)
    jpeg = results.records["pictures", "0.png", "jpeg", 40, "jpeg"]
    darker = results.records["pictures", "0.png", "jpeg", 40, "darker"]
    for name in ("psnr", "psnr_b", "ssim", "ssim_gaussian"):
        assert jpeg.figures[name] == pytest.approx(getattr(metrics, name)(degraded, target), abs=1e-6)
        restored = degraded - np.minimum(degraded, 1)
        assert darker.figures[name] == pytest.approx(getattr(metrics, name)(restored, target), abs=1e-6)
    assert len(results.records) == 3 * 2 * 2
    low, *_, high = results.means()
    assert (low.quality, low.method, low.images, high.quality) == (10, "jpeg", 3, 40)
    assert low.figures["psnr"] == pytest.approx(
        np.mean([results.records["pictures", f"{n}.png", "jpeg", 10, "jpeg"].figures["psnr"] for n in range(3)]),
        abs=1e-6,
    )
    assert low.figures["bpp"] < high.figures["bpp"]


def test_colour_is_coded_as_4_2_0(pictures, photograph):
    target, degraded, file = make_pair(pictures / "0.png", "colour", 30)
    np.testing.assert_array_equal(target, photograph)
    np.testing.assert_array_equal(degraded, degrade(photograph, quality=30, subsampling="4:2:0"))
    np.testing.assert_array_equal(decode(file), degraded)
    results = evaluate_quality(pictures, [30], colour=True, perceptual=[])
    record = results.records["pictures", "0.png", "jpeg", 30, "jpeg"]
    assert record.figures["psnr"] == pytest.approx(metrics.psnr(degraded, target), abs=1e-6)


def test_a_grey_file_is_its_own_luma(photograph, tmp_path):
    Image.fromarray(photograph[..., 1].copy()).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(make_pair(tmp_path / "grey.png", "luma", 10)[0], photograph[..., 1])


def test_a_stopped_run_goes_on(pictures, tmp_path):
    path = tmp_path / "results.json"
    with pytest.raises(KeyboardInterrupt):
        evaluate_quality(pictures, [10], [Method("darker", Counting(stop_at=2))], json_path=path, jobs=1)
    assert sorted(key[4] for key in open_results(path, "luma").records) == ["darker", "jpeg", "jpeg", "jpeg"]
    assert [mean.method for mean in read_results(path).means()] == ["jpeg"]
    second = Counting()
    results = evaluate_quality(pictures, [10], [Method("darker", second)], json_path=path)
    assert second.calls == 2
    assert [mean.method for mean in results.means()] == ["jpeg", "darker"]
    assert read_results(path).means() == results.means()
    assert open_results(path, "luma").records == results.records
    files = sorted(file.name for file in tmp_path.iterdir() if file.is_file())
    assert files == ["results.json", "results.records.sqlite3"]


def test_a_changed_model_is_measured_again(pictures, tmp_path):
    path = tmp_path / "results.json"
    counts = [Counting(), Counting(), Counting()]
    for count, fingerprint in zip(counts, ["old", "old", "new"], strict=True):
        evaluate_quality(pictures, [10], [Method("darker", count, fingerprint)], json_path=path)
    assert [count.calls for count in counts] == [3, 0, 3]
    records = open_results(path, "luma").records
    assert {key[4]: record.cell.fingerprint for key, record in records.items()} == {"jpeg": "", "darker": "new"}


def test_what_a_file_without_records_says_is_not_measured_again(pictures, tmp_path):
    path = tmp_path / "results.json"
    whole = evaluate_quality(pictures, [10], [Method("darker", Counting(), "one")], json_path=path)
    path.with_suffix(".records.sqlite3").unlink()
    counts = [Counting(), Counting()]
    for count, fingerprint in zip(counts, ["one", "two"], strict=True):
        results = evaluate_quality(pictures, [10], [Method("darker", count, fingerprint)], json_path=path)
    assert [count.calls for count in counts] == [0, 3]
    assert [(m.method, m.figures["psnr"]) for m in results.means()] == [
        (m.method, m.figures["psnr"]) for m in whole.means()
    ]
    assert {key[4] for key in results.records} == {"darker"}


def test_one_file_holds_several_sets_but_not_two_of_one_name(pictures, photograph, tmp_path):
    path = tmp_path / "results.json"
    evaluate_quality(pictures, [10], json_path=path)
    other = tmp_path / "other"
    other.mkdir()
    Image.fromarray(photograph).save(other / "only.png")
    evaluate_quality(other, [10], json_path=path)
    written = json.loads(path.read_text())
    assert {name: entry["images"] for name, entry in written["datasets"].items()} == {"pictures": 3, "other": 1}
    assert {"dataset", "quality", "method", "psnr", "psnr_b", "ssim", "ssim_gaussian"} <= written["means"][0].keys()
    (pictures / "0.png").unlink()
    with pytest.raises(DataError, match="other pictures under the name pictures"):
        evaluate_quality(pictures, [10], json_path=path)
    with pytest.raises(DataError, match="holds results in luma"):
        evaluate_quality(other, [10], colour=True, json_path=path)


def test_a_metric_that_is_not_there_is_noted(pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    results = evaluate_quality(pictures, [10], perceptual=["lpips"])
    assert "torchmetrics" in results.skipped["lpips"]
    assert all("lpips" not in record.figures for record in results.records.values())


def test_further_figures_become_columns_and_a_stopped_run_knows_them(pictures, tmp_path):
    path = tmp_path / "results.json"
    names = ["texture", "mosquito"]
    count = Counting()
    evaluate_quality(pictures, [10], [Method("darker", count)], colour=True, perceptual=[], json_path=path)
    results = evaluate_quality(pictures, [10], [Method("darker", count)], colour=True, perceptual=names, json_path=path)
    assert count.calls == 6  # what lacked the figures was measured again
    evaluate_quality(pictures, [10], [Method("darker", count)], colour=True, perceptual=names, json_path=path)
    assert count.calls == 6
    jpeg, darker = results.means()
    assert 0 < jpeg.figures["texture"] < 1
    assert darker.figures["texture"] == pytest.approx(jpeg.figures["texture"], rel=0.1)
    assert darker.figures["mosquito"] > 0
    assert read_results(path).means() == results.means()
    headings = [sheet.heading for sheet in sections(results, ("psnr", "texture", "mosquito"))[0].sheets]
    assert headings == ["PSNR, dB", "Texture (1 is right)", "Mosquito noise"]


def test_a_new_metric_is_one_entry_of_the_registry(pictures, tmp_path, monkeypatch):
    def difference(restored, target):
        return float(np.abs(restored.astype(float) - target).mean())

    new = Metric("mad", "Mean difference", 1, "lower", lambda vgg: difference)
    monkeypatch.setitem(METRICS, "mad", new)
    evaluate_quality(pictures, [10], perceptual=["mad"], json_path=tmp_path / "results.json")
    (section,) = sections(read_results(tmp_path / "results.json"), tuple(METRICS))
    assert [sheet.heading for sheet in section.sheets][-1] == "Mean difference"
    assert new.score(1.0) > new.score(2.0)


def test_two_methods_of_one_name_are_refused(pictures):
    with pytest.raises(ModelError, match="two methods have the same name"):
        evaluate_quality(pictures, [10], [Method("same", Counting()), Method("same", Counting())])


def test_progress_ends_at_the_whole(pictures):
    heard = []
    evaluate_quality(pictures, [10], [Method("darker", Counting())], progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_the_self_check_stops_before_anything_else_is_measured(pictures, monkeypatch):
    monkeypatch.setitem(datasets.KNOWN, load_dataset(pictures).fingerprint, "live1")
    never = Counting()
    with pytest.raises(DataError, match=r"live1: JPEG at quality 10 has psnr .* galteri2017 has 27\.77, [+-]\d"):
        evaluate_quality(pictures, [10], [Method("darker", never)])
    assert never.calls == 0


@pytest.mark.data
@pytest.mark.parametrize(("folder", "name"), [("live1", "live1"), ("bsds500/val", "bsds500")])
def test_the_jpeg_rows_are_the_papers(evaluation_data, folder, name):
    results = evaluate_quality(evaluation_data / folder)
    means = {mean.quality: mean for mean in results.means()}
    rows = [r for r in read_published() if (r.protocol, r.dataset, r.method) == ("luma", name, "jpeg")]
    assert [row.quality for row in rows] == [10, 20, 30, 40]
    for row in rows:
        for figure, tolerance in TOLERANCES.items():
            if getattr(row, figure) is not None:
                assert means[row.quality].figures[figure] == pytest.approx(getattr(row, figure), abs=tolerance)


@pytest.mark.data
def test_the_self_check_notices_the_full_range_luma(evaluation_data, monkeypatch):
    def full_range(image):
        return np.rint(color.rgb_to_ycbcr(image)[..., 0]).astype(np.uint8)

    monkeypatch.setattr(quality, "luma", full_range)
    with pytest.raises(DataError, match=r"psnr 27\.02\d* where galteri2017 has 27\.77, -0\.7"):
        evaluate_quality(evaluation_data / "live1", [10])


@pytest.mark.data
def test_the_colour_jpeg_row_is_the_published_one(evaluation_data):
    results = evaluate_quality(evaluation_data / "live1", [10], colour=True, perceptual=[])
    check_jpeg_rows(results, "live1")
    assert results.means()[0].figures["psnr"] == pytest.approx(25.69, abs=0.011)
    assert results.means()[0].method == JPEG.name
