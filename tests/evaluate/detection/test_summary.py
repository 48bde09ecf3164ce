import numpy as np
import pytest

from artifix.evaluate.detection.results import DetectionResults, Record
from artifix.evaluate.detection.summary import summarise

IMAGES = 60


def results_of(shares, quality=10):
    """Results of methods that find the one cat in each of the first pictures, and nothing else: mAP is that share."""
    results = DetectionResults("mine", "f00", "told", "f01", {f"{n:02}.jpg": {"cat": 1} for n in range(IMAGES)})
    for method, share in shares.items():
        key = (None, None) if method == "original" else ("jpeg", quality)
        for n, image in enumerate(results.positives):
            outcomes = {"cat": [(0.9, 1)]} if n < share * IMAGES else {}
            results.add(Record(image, *key, method, "f", outcomes, "abc1234", "2026-01-01"))
    return results


def test_recovered_is_the_share_of_what_was_lost():
    summary = summarise(results_of({"original": 0.9, "jpeg": 0.4, "mse": 0.65}))
    means = {mean.method: mean for mean in summary.means}
    assert [means[name].map_auc for name in means] == pytest.approx([0.9, 0.4, 0.65], abs=1e-6)
    assert means["mse"].recovered == pytest.approx(0.5)
    low, high = means["mse"].recovered_interval
    assert 0.2 < low < 0.5 < high < 0.8
    assert means["jpeg"].recovered is means["original"].recovered is None


def test_an_interval_is_a_binomials_where_ap_is_a_share():
    (mean,) = summarise(results_of({"original": 0.5})).means
    half = 1.96 * np.sqrt(0.25 / IMAGES)
    assert mean.interval == pytest.approx((0.5 - half, 0.5 + half), abs=0.03)


def test_a_difference_within_chance_holds_nought_and_no_loss_means_no_share():
    summary = summarise(results_of({"original": 0.5, "jpeg": 29 / 60, "mse": 0.5, "gan": 0.9}))
    intervals = {(one.method, one.over): one.interval for one in summary.comparisons}
    assert list(intervals) == [("mse", "jpeg"), ("gan", "jpeg"), ("gan", "mse")]
    assert intervals["mse", "jpeg"][0] <= 0 <= intervals["mse", "jpeg"][1]
    assert intervals["gan", "mse"][0] > 0
    assert all(mean.recovered is None for mean in summary.means)


def test_the_mean_is_over_the_classes_that_there_are():
    results = results_of({"original": 1.0})
    results.positives["00.jpg"] = {"cat": 1, "dog": 1}
    (mean,) = summarise(results).means
    assert mean.ap == {"cat": 1, "dog": 0}
    assert (mean.map_auc, mean.map_11pt) == (0.5, 0.5)


def test_a_mean_is_of_the_whole_set_and_of_one_model():
    results = results_of({"original": 0.9, "jpeg": 0.4})
    del results.records["07.jpg", ("jpeg", 10, "jpeg")]
    assert [mean.method for mean in summarise(results).means] == ["original"]
    results.add(Record("07.jpg", None, None, "original", "another", {}, "abc1234", "2026-01-01"))
    assert summarise(results).means == []
