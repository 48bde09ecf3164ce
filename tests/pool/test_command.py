"""`artifix restore --engine-pool`."""

import json
import sys

import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ClusterError
from artifix.restoration import Record


def test_the_command_takes_one_folder_and_an_output(tmp_path):
    result = CliRunner().invoke(app, ["restore", str(tmp_path), "--engine-pool", "ray"])
    assert result.exit_code == 2
    assert "needs one input folder" in result.output


def test_without_its_packages_a_pool_says_what_it_needs(tmp_path, jpeg, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("artifix.pool.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    command = ["restore", str(tmp_path), "-o", str(tmp_path / "out"), "--engine-pool", "ray"]
    with pytest.raises(ClusterError, match=r"pip install 'artifix\[pool\]'"):
        CliRunner().invoke(app, command, catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--address", "10.0.0.1:6379"], "need --engine-pool"),
        (["--workers", "2"], "need --engine-pool"),
        (["--worker-cpus", "2"], "need --engine-pool"),
        (["--address", "", "--engine-pool", "ray"], "HOST:PORT"),
        (["--address", "auto", "--engine-pool", "processes"], "--address needs --engine-pool ray"),
        (["--keep-dates", "--engine-pool", "ray"], "--keep-dates do not work"),
        (["--engine-pool", "ray", "--crf", "20"], "a pool restores pictures"),
        (["--codec", "hevc"], "no video is named"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path, jpeg, options, reason):
    result = CliRunner().invoke(app, ["restore", str(tmp_path), "-o", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert reason in " ".join(result.output.replace("│", " ").split())


def test_records_stand_alone_on_standard_output(tmp_path, jpeg, monkeypatch):
    pytest.importorskip("pyarrow")
    pytest.importorskip("fsspec")

    def run(planned, pool):
        print("(raylet) a worker died")
        yield Record(str(tmp_path / "photo.jpg"), "out", "restored")

    monkeypatch.setattr("artifix.pool.run.run", run)
    command = ["restore", str(tmp_path), "-o", str(tmp_path / "out"), "--engine-pool", "ray", "--json"]
    result = CliRunner().invoke(app, command)
    assert json.loads(result.stdout)["status"] == "restored"
    assert "raylet" in result.stderr
