import json

import numpy as np
import pytest

from artifix.codecs import degrade
from artifix.errors import DataError, ModelError
from artifix.evaluate.detection.detectors import Detections
from artifix.evaluate.detection.load import load_detector
from artifix.evaluate.detection.report import detection_sections
from artifix.evaluate.detection.results import read_summary
from artifix.evaluate.detection.run import evaluate_detection, open_detection
from artifix.evaluate.detection.summary import summarise
from artifix.evaluate.detection.voc import CLASSES, load_devkit
from artifix.evaluate.methods import Method
from artifix.evaluate.rates import jpeg_at
from artifix.image import read_image

CAT = ("cat", 0, (1, 1, 64, 96))


class Measuring:
    """A detector that sees the cat unless the picture is inverted, and notes the pictures; fails at one if told to."""

    name, fingerprint = "measuring", "f00"

    def __init__(self, stop_at=None):
        self.images, self.stop_at = [], stop_at

    def __call__(self, image):
        if len(self.images) == self.stop_at:
            raise KeyboardInterrupt
        self.images.append(image)
        box = np.array([[0.0, 0, 64, 96]]) if image.mean() > 100 else np.array([[64.0, 0, 128, 96]])
        return Detections(box, np.array([CLASSES.index("cat")]), np.array([0.9]))


def darken(degraded, file):
    assert file[:2] == b"\xff\xd8"
    return degraded // 4


@pytest.fixture
def devkit(make_devkit):
    return make_devkit({"a": [CAT], "b": [CAT], "c": [CAT]})


def test_originals_degraded_and_restored_are_looked_at(devkit):
    detector = Measuring()
    results, summary = evaluate_detection(devkit, detector, [jpeg_at(10)], [Method("darker", darken)], jobs=1)
    original = read_image(devkit / "JPEGImages/a.jpg")
    degraded = degrade(original, quality=10)
    for image, expected in zip(detector.images, (original, degraded, degraded // 4), strict=False):
        np.testing.assert_array_equal(image, expected)
    assert len(detector.images) == 9
    figures = {mean.method: (mean.quality, mean.map_auc, mean.map_11pt, mean.ap) for mean in summary.means}
    assert figures == {
        "original": (None, 1, 1, {"cat": 1}),
        "jpeg": (10, 1, 1, {"cat": 1}),
        "darker": (10, 0, 0, {"cat": 0}),
    }
    (comparison,) = summary.comparisons
    assert (comparison.row, comparison.difference, comparison.interval) == ("darker over jpeg", -1, None)
    assert results.records["devkit", "a.jpg", "jpeg", 10, "darker"].outcomes == {"cat": [(0.9, 0)]}


def test_a_stopped_run_goes_on(devkit, tmp_path):
    path = tmp_path / "out.json"
    with pytest.raises(KeyboardInterrupt):
        evaluate_detection(devkit, Measuring(stop_at=5), [jpeg_at(10)], json_path=path, jobs=1)
    done = len(open_detection(path, load_devkit(devkit), Measuring()).records)
    assert 2 <= done < 6
    again = Measuring()
    results, summary = evaluate_detection(devkit, again, [jpeg_at(10)], json_path=path)
    assert len(again.images) == 6 - done
    assert open_detection(path, load_devkit(devkit), Measuring()) == results
    assert read_summary(path)[1] == summary
    written = json.loads(path.read_text())
    assert [(m["method"], m["quality"], m["map_auc"]) for m in written["means"]] == [
        ("original", None, 1),
        ("jpeg", 10, 1),
    ]
    assert written["means"][0].keys() >= {"map_11pt", "ap", "interval"}
    assert (written["detector"], written["dataset"]) == ("measuring", "devkit")
    assert [mean.method for mean in summary.means] == ["original", "jpeg"]
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["out.json", "out.records.sqlite3"]


def test_a_changed_model_is_measured_again(devkit, tmp_path):
    counts = []
    for fingerprint in ("old", "old", "new"):
        detector = Measuring()
        methods = [Method("darker", darken, fingerprint)]
        evaluate_detection(devkit, detector, [jpeg_at(10)], methods, json_path=tmp_path / "out.json")
        counts.append(len(detector.images))
    assert counts == [9, 0, 3]


def test_another_detector_or_other_pictures_need_another_file(devkit, make_devkit, tmp_path):
    path = tmp_path / "out.json"
    evaluate_detection(devkit, Measuring(), [], json_path=path)
    other = Measuring()
    other.fingerprint = "f01"
    with pytest.raises(DataError, match=r"out\.json: was measured with another detector of the name measuring; give"):
        evaluate_detection(devkit, other, [], json_path=path)
    other.name = "nano"
    with pytest.raises(DataError, match="was measured with measuring, not nano"):
        evaluate_detection(devkit, other, [], json_path=path)
    elsewhere = devkit.rename(devkit.with_name("elsewhere"))
    assert evaluate_detection(elsewhere, Measuring(), [], json_path=path)[1].means
    make_devkit({"a": [CAT]})
    with pytest.raises(DataError, match="is of devkit before its pictures, their names or their annotations changed"):
        evaluate_detection(devkit, Measuring(), [], json_path=path)
    (elsewhere / "Annotations/b.xml").unlink()
    with pytest.raises(DataError, match="is of devkit, not elsewhere"):
        evaluate_detection(elsewhere, Measuring(), [], json_path=path)


def test_renamed_pictures_are_others(devkit, tmp_path):
    evaluate_detection(devkit, Measuring(), [], json_path=tmp_path / "out.json")
    for folder, suffix in (("JPEGImages", "jpg"), ("Annotations", "xml")):
        (devkit / folder / f"a.{suffix}").rename(devkit / folder / f"d.{suffix}")
    (devkit / "ImageSets/Main/test.txt").write_text("d\nb\nc\n")
    with pytest.raises(DataError, match="names"):
        evaluate_detection(devkit, Measuring(), [], json_path=tmp_path / "out.json")


def test_means_without_their_records_are_not_thrown_away(devkit, tmp_path):
    path = tmp_path / "out.json"
    evaluate_detection(devkit, Measuring(), [jpeg_at(10)], json_path=path)
    path.with_suffix(".records.sqlite3").unlink()
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"out\.json: has 2 means without their records; measure into another file"):
        evaluate_detection(devkit, Measuring(), [jpeg_at(10)], json_path=path)
    assert path.read_bytes() == before


def test_an_older_model_is_left_out_where_it_was_not_measured_again(devkit, tmp_path):
    path = tmp_path / "out.json"
    evaluate_detection(
        devkit, Measuring(), [jpeg_at(10), jpeg_at(20)], [Method("darker", darken, "old")], json_path=path
    )
    newer = [Method("darker", darken, "new")]
    results, summary = evaluate_detection(devkit, Measuring(), [jpeg_at(10)], newer, json_path=path)
    means = [(mean.method, mean.quality, mean.fingerprint) for mean in summary.means]
    assert [mean for mean in means if mean[0] == "darker"] == [("darker", 10, "new")]
    (note,) = [note for note in detection_sections(results, summary)[0].notes if "an earlier" in note]
    assert note == "darker at quality 20 was measured with an earlier darker, and is left out."
    assert summarise(open_detection(path, load_devkit(devkit), Measuring())) == summary


def test_what_was_left_out_is_kept_with_the_results(devkit, tmp_path):
    (devkit / "Annotations/b.xml").unlink()
    results, summary = evaluate_detection(devkit, Measuring(), [], json_path=tmp_path / "out.json")
    (line,) = json.loads((tmp_path / "out.json").read_text())["left_out"]
    assert line.startswith("Annotations/b.xml: ")
    assert summary.means[0].images == 2
    assert list(results.positives) == ["a.jpg", "c.jpg"]


def test_two_methods_of_one_name_are_refused(devkit):
    with pytest.raises(ModelError, match="two methods have the same name"):
        evaluate_detection(devkit, Measuring(), [jpeg_at(10)], [Method("same", darken), Method("same", darken)])
    with pytest.raises(ModelError, match="two methods have the same name"):
        evaluate_detection(devkit, Measuring(), [jpeg_at(10)], [Method("original", darken)])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"codings": [], "means": [], "comparisons": []}'])
def test_another_file_is_refused_by_name(tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DataError, match=r"r\.json: no results of `artifix evaluate detection`"):
        read_summary(tmp_path / "r.json")


@pytest.mark.data
def test_compression_costs_a_real_detector_what_it_did_before(evaluation_data):
    detector = load_detector(evaluation_data / "weights/voc_yolo_nano.onnx")
    _, summary = evaluate_detection(evaluation_data / "coco128-voc", detector, [jpeg_at(10)])
    original, jpeg = summary.means
    assert (original.map_auc, jpeg.map_auc) == pytest.approx((0.391, 0.298), abs=0.005)
    assert "cow" not in original.ap
    assert len(original.ap) == 19
