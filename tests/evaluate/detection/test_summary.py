import numpy as np
import pytest

from artifix.evaluate.detection import summary
from artifix.evaluate.detection.results import DetectionResults
from artifix.evaluate.detection.summary import summarise
from artifix.evaluate.detection.voc import CLASSES
from artifix.evaluate.methods import Method
from artifix.evaluate.records import Cell, Record

IMAGES = 60


def record(image, codec, quality, method, fingerprint, outcomes):
    return Record("mine", image, Cell(codec, quality, method, fingerprint), "abc1234", "2026-01-01", outcomes=outcomes)


def results_of(shares, quality=10):
    """Results of methods that find the one cat in each of the first pictures, and nothing else: mAP is that share."""
    results = DetectionResults("mine", "f00", "told", "f01", {f"{n:02}.jpg": {"cat": 1} for n in range(IMAGES)})
    for method, share in shares.items():
        key = (None, None) if method == "original" else ("jpeg", quality)
        for n, image in enumerate(results.positives):
            outcomes = {"cat": [(0.9, 1)]} if n < share * IMAGES else {}
            results.add(record(image, *key, method, "f", outcomes))
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


def test_an_interval_is_freed_of_what_a_bootstrap_adds_to_map():
    """Of classes with one object each, behind wrong detections elsewhere, a draw has some twice and some not at all."""
    rng, names = np.random.default_rng(0), [f"{n:02}.jpg" for n in range(20)]
    results = DetectionResults("mine", "f", "told", "f", {name: {CLASSES[n]: 1} for n, name in enumerate(names)})
    for n, name in enumerate(names):
        for key in ((None, None, "original"), ("jpeg", 10, "jpeg")):
            outcomes = {label: [(rng.uniform(0.5, 1), 0)] for label in CLASSES if rng.random() < 0.5}
            results.add(record(name, *key, "f", outcomes | {CLASSES[n]: [(0.3, 1)]}))
    for mean in summarise(results).means:
        assert 0 <= mean.interval[0] < mean.map_auc < mean.interval[1]
        assert mean.map_auc - mean.interval[0] == pytest.approx(mean.interval[1] - mean.map_auc, abs=0.03)


def test_an_interval_holds_nothing_impossible():
    original, blind = summarise(results_of({"original": 59 / 60, "jpeg": 1 / 60})).means
    assert original.interval[1] == 1
    assert blind.interval[0] == 0


def test_the_ends_of_an_interval_do_not_hang_on_the_draws(monkeypatch):
    results = results_of({"original": 0.5})
    (mean,) = summarise(results).means
    weights = summary.bootstrap_weights
    monkeypatch.setattr(summary, "bootstrap_weights", lambda *sizes: weights(*sizes, seed=1))
    (again,) = summarise(results).means
    assert again.interval == pytest.approx(mean.interval, abs=0.002)  # of 0.13 to either side


def test_few_pictures_have_no_intervals():
    results = results_of({"original": 0.9, "jpeg": 0.2, "mse": 0.5})
    for name in list(results.positives)[9:]:
        results.positives[name] = {}
    summed = summarise(results)
    assert all(mean.interval is mean.recovered is None for mean in summed.means)
    assert [one.interval for one in summed.comparisons] == [None]


def test_the_mean_is_over_the_classes_that_there_are():
    results = results_of({"original": 1.0})
    results.positives["00.jpg"] = {"cat": 1, "dog": 1}
    (mean,) = summarise(results).means
    assert mean.ap == {"cat": 1, "dog": 0}
    assert (mean.map_auc, mean.map_11pt) == (0.5, 0.5)


def test_a_mean_is_of_the_whole_set_and_of_one_model():
    results = results_of({"original": 0.9, "jpeg": 0.4})
    del results.records["mine", "07.jpg", "jpeg", 10, "jpeg"]
    assert [mean.method for mean in summarise(results).means] == ["original"]
    results.add(record("07.jpg", None, None, "original", "another", {}))
    assert summarise(results).means == []


def test_no_row_has_two_states_of_a_model():
    results = results_of({"mse": 0.4}, quality=10)
    results.records |= results_of({"mse": 0.5}, quality=20).records
    assert [(mean.quality, mean.fingerprint) for mean in summarise(results).means] == [(10, "f"), (20, "f")]
    for image in results.positives:
        results.add(record(image, "jpeg", 20, "mse", "newer", {}))
    results.include([], [Method("mse", lambda degraded, file: degraded, "newer")])
    assert [(mean.quality, mean.fingerprint) for mean in summarise(results).means] == [(20, "newer")]
    assert results.outdated() == [("jpeg", 10, "mse")]
