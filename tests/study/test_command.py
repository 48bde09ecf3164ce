import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("matplotlib")
pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from artifix.cli import app
from artifix.errors import DataError


def invoke(*arguments):
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def test_from_pictures_to_a_report(pictures, tmp_path):
    study = tmp_path / "study"
    done = invoke("create", "--data", pictures, "--images", 2, "--model", "jpeg,mse", "--seed", 4, "-o", study)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{study}: 10 trials, about 4 minutes for a rater\n"
    assert list(json.loads((study / "study.json").read_text())["methods"]) == ["jpeg", "mse"]
    assert "SIMULATED" in invoke("simulate", study, "--raters", 6).output
    assert isinstance(invoke("report", study).exception, DataError)
    done = invoke("report", study, "--simulated", "--html", tmp_path / "r.html", "--csv", tmp_path / "r.csv")
    assert done.exit_code == 0, done.output
    assert "SIMULATED" in done.stdout
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "r.csv").read_text().count("\n") == 1 + 4


def test_one_is_said_to_be_one(pictures, tmp_path):
    study = tmp_path / "study"
    done = invoke(
        "create", "--data", pictures, "--images", 1, "--model", "jpeg", "--repeats", 0, "--checks", 0, "-o", study
    )
    assert done.stdout == f"{study}: 1 trial, about 2 minutes for a rater\n"
    assert "1 SIMULATED rater;" in invoke("simulate", study, "--raters", 1).output
    done = invoke("report", study, "--simulated")
    assert "1 picture of pictures" in " ".join(done.output.split())
    assert "seen by 1 simulated rater" in " ".join(done.output.split())


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 421), ("::1", 421), ("0.0.0.0", 200)])
def test_another_name_is_heard_where_others_are_let_in(make_study, monkeypatch, host, status):
    served = []
    monkeypatch.setattr("artifix.cli.study.answer_at", lambda host, port, app, limits: served.append(app))
    done = invoke("serve", make_study(), "--host", host)
    assert done.exit_code == 0, done.output
    client = TestClient(served[0], base_url="http://pictures.example")
    assert client.get("/api/study").status_code == status


def test_more_careless_raters_than_raters_are_refused(make_study):
    done = invoke("simulate", make_study(), "--raters", 2, "--careless", 3)
    assert done.exit_code == 2
    assert "--careless" in done.output


def test_a_long_study_is_refused_unless_allowed(pictures, tmp_path):
    arguments = ("create", "--data", pictures, "--images", 160, "--model", "jpeg", "-o", tmp_path / "study")
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert "more than the 30" in " ".join(done.output.replace("│", " ").split())
    assert isinstance(invoke(*arguments, "--allow-long").exception, DataError)  # only 16 pictures are there
