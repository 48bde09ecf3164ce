import json
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import OutputError


def invoke(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.mark.parametrize("text", ["webp:20", "jpeg:0", "jpeg:x", "jpeg:"])
def test_a_rate_that_is_none_is_refused(tmp_path, text):
    assert invoke("codecs", "--data", tmp_path, "--match", text).exit_code == 2


def test_an_unknown_codec_is_refused(tmp_path):
    done = invoke("codecs", "--data", tmp_path, "--codec", "jpeg,gif")
    assert done.exit_code == 2
    assert "unknown codec gif" in done.output


def test_codecs(photograph, tmp_path, make_model):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        Image.fromarray(np.roll(photograph, 9 * number, axis=1)).save(folder / f"{number}.png")
    command = ["--data", folder, "--match", "jpeg:40", "--codec", "jpeg,webp", "--json", tmp_path / "out.json"]
    done = invoke("codecs", *command, "--model", f"jpeg,{make_model()}")
    assert done.exit_code == 0, done.output
    assert "webp at quality" in done.output
    means = json.loads((tmp_path / "out.json").read_text())["means"]
    assert [mean["codec"] for mean in means] == ["jpeg", "jpeg", "webp", "webp"]


@pytest.mark.parametrize("command", ["quality", "detection"])
def test_outputs_that_cannot_be_are_said_before_anything_is_measured(make_devkit, tmp_path, monkeypatch, command):
    monkeypatch.setattr("artifix.evaluate.detection.load.load_detector", lambda name: Never())
    monkeypatch.setattr("artifix.evaluate.quality.measure", None)
    folder = make_devkit({"a": [("cat", 0, (1, 1, 64, 96))]})
    data = ["--data", folder, "--detector", "never"] if command == "detection" else ["--data", folder / "JPEGImages"]
    (tmp_path / "folder.json").mkdir()
    for option, path in (("--json", "gone/a.json"), ("--json", "folder.json"), ("--html", "gone/a.html")):
        done = invoke(command, *data, option, tmp_path / path)
        assert isinstance(done.exception, OutputError), done.output
        assert str(done.exception).startswith(f"{tmp_path / path}: cannot be written (")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = invoke(command, *data, "--html", tmp_path / "a.html")
    assert isinstance(done.exception, OutputError)
    assert "its plots need matplotlib" in str(done.exception)


class Never:
    name, fingerprint = "never", "f00"

    def __call__(self, image):
        raise AssertionError("it looked at a picture")


def test_detection(make_devkit, tmp_path, monkeypatch):
    class Blind:
        name, fingerprint = "blind", "f00"

        def __call__(self, image):
            from artifix.evaluate.detection.detectors import Detections

            return Detections(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))

    monkeypatch.setattr("artifix.evaluate.detection.load.load_detector", lambda name: Blind())
    pytest.importorskip("matplotlib")
    folder = make_devkit({"a": [("cat", 0, (1, 1, 64, 96))], "b": []})
    outputs = ["--json", tmp_path / "out.json", "--html", tmp_path / "out.html"]
    done = invoke("detection", "--data", folder, "--detector", "blind", "--quality", "10,20", *outputs)
    assert done.exit_code == 0, done.output
    assert "seen by blind" in done.output
    means = json.loads((tmp_path / "out.json").read_text())["means"]
    assert [(mean["method"], mean["quality"], mean["map_auc"]) for mean in means] == [
        ("original", None, 0),
        ("jpeg", 10, 0),
        ("jpeg", 20, 0),
    ]
    assert "<svg" in (tmp_path / "out.html").read_text()
