import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from artifix.bench import measure as bench
from artifix.bench import report
from artifix.cli import app
from artifix.errors import ModelError, OutputError
from artifix.models.catalog import DEFAULT

GFLOPS = {"fp32": 10.0, "bf16": 20.0, "int8": 40.0}
BROKEN = ("openvino", "int8")  # does not start
SLOW = ("torch", "fp32")  # fails at the second size


@pytest.fixture
def played(monkeypatch):
    """What `measure` makes of invented figures, each round slower than the last, and the order of the cases."""
    order = []

    def run_apart(case, folder, cache):
        order.append((case.kind, case.place))
        rounds = sum(seen == order[-1] for seen in order)
        arguments = case.arguments
        which = arguments.get("engine"), arguments.get("precision")
        if which == BROKEN:
            raise ModelError("no ranges")
        if which == SLOW and "0.2" in case.place:
            raise ModelError("ended by signal 9")
        if case.kind == "limit":
            return {"gflops": GFLOPS[arguments["precision"]] / (2 if arguments["kind"] == "product" else 1)}
        if case.kind == "start":
            return {"load_seconds": 0.25}
        found = {"seconds": 2.0**rounds, "peak_bytes": 2.0**30}
        if case.kind == "file":
            found |= {"decode": 1.0, "network": 2.0, "around": 0.5, "encode": 0.5, "engine": "openvino"}
            found["precision"] = "int8"
        return found

    monkeypatch.setattr(bench, "run_apart", run_apart)
    monkeypatch.setattr(bench, "find_spec", lambda name: None if name == "onnxruntime" else object())
    shares = []
    results = bench.measure(sizes=[0.1, 0.2], repeats=3, threads=2, progress=shares.append)
    return results, order, shares


def test_rounds_go_forwards_and_backwards(played):
    _, order, shares = played
    limits = [place for kind, place in order if kind == "limit"]
    one = len(limits) // 3
    assert limits[one : 2 * one] == limits[:one][::-1]
    assert limits[2 * one :] == limits[:one]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_medians_and_what_follows_from_them(played):
    results, *_ = played
    figures = results["engines"]["openvino bf16"]["sizes"]["0.2"]
    assert figures["rounds"] == [2, 4, 8]
    assert figures["seconds"] == 4
    assert figures["megapixels_per_second"] == pytest.approx(0.2 / 4, rel=1e-2)
    assert figures["gflops"] == pytest.approx(2 * results["macs_per_pixel"] * 0.2e6 / 4 / 1e9, rel=1e-2)
    assert figures["share_of_limit"] == pytest.approx(figures["gflops"] / GFLOPS["bf16"], rel=1e-2)
    assert results["file"]["share_of_limit"] == pytest.approx(results["file"]["gflops"] / GFLOPS["int8"], rel=1e-2)
    assert results["camera"] == "0.2"
    assert results["engines"]["torch bf16"]["start"]["warm_load_seconds"] == 0.25


def test_what_cannot_be_measured_is_left_out_and_named(played):
    results, *_ = played
    left_out = results["left_out"]
    assert left_out["onnxruntime"] == "not installed"
    assert left_out["openvino int8"] == "no ranges"
    assert left_out["torch fp32 sizes 0.2"] == "ended by signal 9"
    assert "openvino int8" not in results["engines"]
    assert list(results["engines"]["torch fp32"]["sizes"]) == ["0.1"]


def test_what_takes_long_is_run_once_and_what_would_take_too_long_never(monkeypatch):
    ran = []

    def run_apart(case, folder, cache):
        ran.append(case.place)
        if case.kind == "start":
            return {"load_seconds": 0.25}
        if case.kind == "limit":
            return {"gflops": 10.0}
        if case.megapixels < 0.1:  # far more for each pixel
            return {"seconds": 1.0}
        return {"seconds": 30 * case.megapixels, "precision": "fp32"}

    monkeypatch.setattr(bench, "run_apart", run_apart)
    results = bench.measure(sizes=[10, 0.001, 0.1, 1], engines=["openvino"], repeats=3, threads=1)
    sizes = results["engines"]["openvino fp32"]["sizes"]
    assert [len(figures["rounds"]) for figures in sizes.values()] == [3, 3, 1]
    assert list(sizes) == ["0.001", "0.1", "1"]
    assert results["left_out"]["openvino fp32 sizes 10"] == "would take 300 s"
    assert ran.count(("engines", "openvino fp32", "sizes", "1")) == 1


def test_what_fails_in_a_later_round_keeps_the_good_ones_and_is_named(monkeypatch):
    ran = []
    start, size = (("engines", "openvino fp32", *rest) for rest in (["start"], ["sizes", "0.1"]))

    def run_apart(case, folder, cache):
        ran.append(case.place)
        if case.place == start and ran.count(start) > 2:  # a start is two processes
            raise ModelError("ended by signal 9")
        if case.place == size and ran.count(size) > 1:
            raise ModelError("ended by signal 15")
        return {"seconds": 1.0, "gflops": 10.0, "load_seconds": 0.25, "precision": "fp32"}

    monkeypatch.setattr(bench, "run_apart", run_apart)
    results = bench.measure(sizes=[0.1], engines=["openvino"], repeats=3, threads=1)
    row = results["engines"]["openvino fp32"]
    assert row["start"]["warm_load_seconds"] == 0.25
    assert row["sizes"]["0.1"]["rounds"] == [1]
    assert results["failed"] == {
        "openvino fp32 start": "ended by signal 9",
        "openvino fp32 sizes 0.1": "ended by signal 15",
    }
    assert "openvino fp32" not in " ".join(results["left_out"])
    assert "openvino fp32 start failed in a later round: ended by signal 9" in report.failures(results)


def test_a_peer_is_left_out_under_its_own_name_whatever_the_reason(monkeypatch):
    def run_apart(case, folder, cache):
        if case.place[0] == "peers":
            raise ModelError("no picture")
        return {"seconds": 1.0, "gflops": 10.0, "load_seconds": 0.25, "precision": "fp32"}

    monkeypatch.setattr(bench, "run_apart", run_apart)
    for there, reason in ((True, "no picture"), (False, "not on the PATH")):
        monkeypatch.setattr(bench.shutil, "which", lambda name, there=there: name if there else None)
        assert bench.measure(sizes=[0.1], engines=[], repeats=1)["left_out"]["jpegqs"] == reason


def test_no_more_threads_are_recorded_than_run(monkeypatch):
    monkeypatch.setattr(bench, "_in_turns", lambda cases, *_: ([[] for _ in cases], {}))
    monkeypatch.setattr(bench, "cores", lambda: 2)
    assert [bench.measure(sizes=[0.1], threads=threads)["threads"] for threads in (None, 1, 4)] == [2, 1, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_hangs_ends_with_all_that_it_started(tmp_path, monkeypatch):
    program = tmp_path / "jpegqs"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("artifix.bench.case._GIVEN_UP", 5)
    (tmp_path / "folder").mkdir()
    case = bench.Case(("peers", "jpegqs"), "program", {"name": "jpegqs", "picture": "a.jpg"})
    with pytest.raises(ModelError, match="not done within 5 s"):
        bench.run_apart(case, tmp_path / "folder", tmp_path / "cache")
    assert list((tmp_path / "folder").iterdir())  # it goes with the bench's own folder
    command = Path("/proc", (tmp_path / "pid").read_text().strip(), "cmdline")
    until = time.monotonic() + 10
    while (there := command.exists() and command.read_bytes()) and time.monotonic() < until:
        time.sleep(0.05)  # it takes the system a moment
    assert not there


def test_tables_and_plot_have_every_row(played):
    pytest.importorskip("matplotlib")
    results, *_ = played
    shares = report.markdown(report.shares(results))
    peers = report.markdown(report.peers(results))
    (axes,) = report.draw(results).axes
    drawn = [line.get_label() for line in axes.lines]
    for engine in results["engines"]:
        assert f"| {engine} |" in shares
        assert engine in drawn
    assert "| torch fp32 |" in shares
    assert "–" in shares  # where torch ended
    assert f"{DEFAULT}, openvino bf16" in peers
    assert "torch fp32" not in peers
    assert ["network", "2.00", "50%"] in report.stages(results).rows


def test_an_unknown_model_is_refused_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(bench, "run_apart", None)
    with pytest.raises(ModelError, match="no such model"):
        bench.measure("mze")


@pytest.mark.parametrize(
    "arguments", [["--sizes", "big"], ["--sizes", "nan"], ["--sizes", "0"], ["--repeats", "0"], ["--plot", "a.doc"]]
)
def test_wrong_options_are_refused(arguments):
    assert CliRunner().invoke(app, ["bench", *arguments]).exit_code == 2


def test_the_command_has_the_librarys_defaults():
    """Which it repeats, so as to start without the library's imports."""
    module = importlib.import_module("artifix.cli.bench")
    command, function = (inspect.signature(each).parameters for each in (module.bench, bench.measure))
    assert all(command[name].default == function[name].default for name in ("model", "repeats", "threads"))
    assert tuple(module._sizes(command["sizes"].default)) == bench.SIZES
    assert tuple(module.Runtime) == tuple(bench.ENGINES)


@pytest.mark.parametrize(("option", "output"), [("--json", "gone/a.json"), ("--json", ""), ("--plot", "folder.png")])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(option, output, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    monkeypatch.setattr(bench, "measure", None)
    done = CliRunner().invoke(app, ["bench", option, output])
    assert isinstance(done.exception, OutputError)
    assert "cannot be written" in str(done.exception)


def test_the_command_measures_a_small_model(make_model, tmp_path, monkeypatch):
    """All of it, in earnest, but for large pictures and peers that take long."""
    program = tmp_path / "jpegqs"
    program.write_text('#!/bin/sh\ncp "$1" "$2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    json_path = tmp_path / "bench.json"
    command = [sys.executable, "-m", "artifix", "bench", "--model", str(make_model()), "--sizes", "0.01,0.02"]
    command += ["--engine", "openvino", "--repeats", "1", "--threads", "1", "--json", str(json_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(json_path.read_text())
    assert all(limit["gflops"] > 0 for row in results["limits"].values() for limit in row.values())
    assert {"fp32", "int8"} <= set(results["limits"])
    row = results["engines"]["openvino fp32"]
    assert row["start"]["cold_seconds"] > row["start"]["cold_load_seconds"] > 0
    for figures in (*row["sizes"].values(), results["file"]):
        assert 0 < figures["share_of_limit"] < 2
        assert 20e6 < figures["peak_bytes"] < 2e9
    assert "no ranges for int8" in results["left_out"]["openvino int8"]
    assert results["peers"]["jpegqs"]["megapixels_per_second"] > 0
    assert results["peers"]["dncnn-3 fp32"]["weights"] == "fresh"
    assert results["threads"] == 1
    assert "left out: " in done.stdout
    assert not results["failed"]
    assert not list(Path(tmp_path).glob("*.partial"))
