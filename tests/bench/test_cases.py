import json
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from PIL import Image

from artifix.bench import cases
from artifix.errors import ModelError
from artifix.image import read_image
from artifix.restoration import Restorer


@pytest.fixture
def jpeg(photograph, tmp_path):
    path = tmp_path / "photograph.jpg"
    Image.fromarray(photograph).save(path, quality=30)
    return str(path)


@pytest.fixture
def make_program(tmp_path, monkeypatch):
    """make_program(code) -> the name of a Python program on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def make(code):
        path = folder / "peer"
        path.write_text(f"#!{sys.executable}\n{code}\n")
        path.chmod(0o755)
        return path.name

    return make


def test_a_figure_rests_on_half_a_second():
    calls = []

    def run():
        calls.append(None)
        time.sleep(0.2 if len(calls) == 1 else 0.11)

    assert cases.typical_seconds(run) == pytest.approx(0.11, abs=0.05)
    assert len(calls) == 4


def test_the_steps_of_a_file_are_the_whole(make_model, jpeg):
    found = cases.file(str(make_model(features=16, blocks=4)), 1, jpeg)
    steps = [found[name] for name in ("decode", "network", "around", "encode")]
    assert min(steps) > 0
    assert sum(steps) < 4 * found["seconds"]
    assert found["engine"] == "openvino"
    assert found["precision"] in ("fp32", "bf16")


def test_the_peak_is_what_was_once_taken():
    code = """
from artifix.bench.cases import peak_memory
before = peak_memory()["peak_bytes"]
taken = bytearray(b"1") * 300_000_000
del taken
print(peak_memory()["peak_bytes"] - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 250e6 < float(done.stdout) < 350e6


def test_another_precision_than_asked_for_is_refused(monkeypatch):
    monkeypatch.setattr(cases, "load_engine", lambda *_: SimpleNamespace(name="openvino", precision="fp32"))
    with pytest.raises(ModelError, match="openvino has no bf16"):
        cases.start("mse", "openvino", "bf16", 1)


def test_a_program_is_given_the_file_and_a_place(make_program, jpeg, tmp_path):
    name = make_program(
        f"""
import shutil, sys
for target in (sys.argv[2], {str(tmp_path / "seen.jpg")!r}):
    shutil.copy(sys.argv[1], target)
"""
    )
    assert cases.program(name, jpeg)["seconds"] > 0
    assert (read_image(tmp_path / "seen.jpg") == read_image(jpeg)).all()


def test_a_program_that_fails_has_no_time(make_program, jpeg):
    with pytest.raises(ModelError, match="peer: failed with exit status 3"):
        cases.program(make_program("raise SystemExit(3)"), jpeg)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "peer: wrote no picture"),
        ("import sys; open(sys.argv[2], 'w')", "peer: wrote no picture"),
        ("import sys; from PIL import Image; Image.new('RGB', (9, 9)).save(sys.argv[2])", "of another size"),
    ],
)
def test_a_program_that_does_not_restore_has_no_time(make_program, jpeg, code, reason):
    with pytest.raises(ModelError, match=reason):
        cases.program(make_program(code), jpeg)


@pytest.mark.parametrize(("largest", "expected"), [(96 * 128, [(96, 128)] * 4), (96 * 128 - 1, [(50, 50), (96, 128)])])
def test_a_small_picture_is_met_before_the_clock_runs(make_model, jpeg, monkeypatch, largest, expected):
    restored = []

    def restore(restorer, picture):
        restored.append(picture.pixels.shape[:2])
        time.sleep(0.01)

    monkeypatch.setattr(cases, "_AT_LEAST", 0.005)
    monkeypatch.setattr(cases, "_SMALL", largest)
    monkeypatch.setattr(cases, "_CORNER", 50)
    monkeypatch.setattr(Restorer, "restore_picture", restore)
    cases.restore(str(make_model()), "openvino", "fp32", 1, jpeg)
    assert restored == expected


def test_a_process_of_its_own_ends_with_one_line():
    arguments = {"model": "mze", "engine": "openvino", "precision": "fp32", "threads": 1}
    command = [sys.executable, "-m", "artifix.bench.cases", "start", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("mze: no such model")
    assert done.stderr.count("\n") == 1
