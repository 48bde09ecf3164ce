import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.image import read_image, write_image
from artifix.restoration import Restorer

COMMAND = [sys.executable, "-m", "artifix"]


def run(*arguments, **options):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)


@pytest.fixture
def jpeg(photograph, tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph).save(path, quality=15)
    return path


def test_restore_writes_what_the_library_restores(jpeg, make_model, tmp_path):
    done = run("restore", jpeg, "--model", make_model(), "--strength", "0.8", "-o", tmp_path / "out.png")
    assert done.returncode == 0, done.stderr
    assert "out.png" in done.stdout
    expected = Restorer(make_model(), strength=0.8)
    expected.restore_file(jpeg, tmp_path / "expected.png")
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


def test_json_is_one_record_a_picture(jpeg, make_model, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    done = run("restore", tmp_path, "--model", make_model(), "-o", tmp_path / "out", "--json")
    records = {r["status"]: r for r in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert records["restored"]["width"] == 128
    assert "broken.jpg" in records["failed"]["error"]


def test_a_failure_is_one_line_without_traceback(make_model, tmp_path):
    done = run("restore", tmp_path / "missing.jpg", "--model", make_model(), "-o", tmp_path / "out.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "missing.jpg" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "in", "--model", "nothing"], "no such model"),
        (["restore", "in", "--model", "bad.safetensors"], "not an artifix model"),
        (["restore", "empty"], "no pictures in it"),
        (["restore", "in/a.png", "-o", "in/a.png"], "is the input itself"),
        (["restore", "in/a.png", "-o", "a.xyz"], "xyz"),
        (["restore", "in/a.png", "-o", "in/a.png/x.png"], "cannot be"),
        (["restore", "in/a.png", "-o", "o.png", "--max-pixels", "10"], "--max-pixels"),
        (["inspect", "missing.jpg"], "missing.jpg"),
        (["degrade", "in/a.png", "-o", "in/b/a.png", "--quality", "5"], "exists"),
        (["train", "missing.toml", "--data", "in", "--out", "run"], "missing.toml"),
        (["train", "recipe.toml", "--data", "empty", "--out", "run"], "no pictures in it"),
        (["train", "wrong.toml", "--data", "in", "--out", "run"], "nearest known one is data.patch"),
        (["train", "recipe.toml", "--data", "in", "--out", "run", "--device", "gpu"], "no such device"),
        (["export", "empty", "-o", "m.safetensors"], "no checkpoint"),
        (["export", "nothing", "-o", "m.safetensors", "--summary", "mine"], "no such model"),
        (["study", "create", "--data", "empty", "--model", "jpeg", "-o", "study"], "no pictures in it"),
        (["export", "empty", "-o", "m.bin"], "ends in .safetensors"),
        (["degrade", "in/a.png", "-o", "in/a.png/x.jpg", "--quality", "5"], "cannot be written"),
        (["restore", "x" * 300 + ".jpg"], "File name too long"),
    ],
)
def test_every_error_is_one_line_and_status_1(tmp_path, photograph, make_model, arguments, message):
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    write_image(tmp_path / "in" / "a.png", photograph)
    write_image(tmp_path / "in" / "b" / "a.png", photograph)
    (tmp_path / "bad.safetensors").write_bytes(b"no model")
    (tmp_path / "recipe.toml").write_text("name = 'small'\n[data]\npatch = 32")
    (tmp_path / "wrong.toml").write_text("name = 'small'\n[data]\npatsh = 32")
    before = sorted(tmp_path.rglob("*"))
    if arguments[0] == "restore" and "--model" not in arguments:
        arguments = [*arguments, "--model", str(make_model())]
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def on_a_terminal(*arguments, stream):
    """Run with that stream on a terminal and the other in a pipe: what came through the terminal, and the pipe."""
    ours, theirs = os.openpty()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
    with subprocess.Popen([*COMMAND, *map(str, arguments)], **streams) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # a terminal that nobody writes to any more
            while part := os.read(ours, 4096):
                shown += part
        piped = (process.stdout or process.stderr).read()
    os.close(ours)
    return shown.decode(), piped.decode()


def test_records_go_to_standard_output_while_a_bar_is_shown_and_to_a_terminal_without_one(jpeg, make_model, tmp_path):
    command = ["restore", jpeg, "--model", make_model(), "--overwrite", "-o"]
    bar, records = on_a_terminal(*command, tmp_path / "a.png", "--json", stream="stderr")
    assert json.loads(records)["status"] == "restored"
    assert "restored" not in bar
    shown, errors = on_a_terminal(*command, tmp_path / "b.png", stream="stdout")
    assert "b.png" in shown
    assert errors == ""


def test_a_closed_standard_output_is_no_error(jpeg, make_model, tmp_path):
    command = [*COMMAND, "restore", jpeg, "--model", make_model(), "-o", tmp_path / "a.png"]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *map(str, command)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.png").exists()


def test_a_name_commands_no_terminal_and_makes_no_second_line(tmp_path):
    done = run("inspect", tmp_path / "a\n\x1b[31m.jpg")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "a\\n\\x1b[31m.jpg" in done.stderr


def test_an_input_without_a_name_is_not_the_working_folder(photograph, tmp_path):
    write_image(tmp_path / "a.png", photograph)
    done = run("restore", "", cwd=tmp_path)
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("text", ["1 parsec", "GiB", "", "9" * 400])
def test_a_size_that_is_none_is_refused(text, tmp_path):
    assert CliRunner().invoke(app, ["restore", "a.png", "--max-memory", text]).exit_code == 2


def test_an_interrupted_folder_run_leaves_whole_files_and_goes_on(make_model, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    rng = np.random.default_rng(0)
    for n in range(24):
        write_image(source / f"{n}.png", rng.integers(0, 256, (900, 900, 3)).astype(np.uint8))
    command = [*COMMAND, "restore", source, "-o", target, "--model", make_model(features=16, blocks=2), "--jobs", "1"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and len(list(target.glob("*.png"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = list(target.iterdir())
    assert 2 <= len(done) < 24
    assert all(read_image(path).shape == (900, 900, 3) for path in done)
    again = run(*command[3:])
    assert again.returncode == 0, again.stderr
    assert f"{len(done)} kept" in again.stdout
    assert len(list(target.iterdir())) == 24


def test_train_stops_cleanly_resumes_and_exports(tmp_path, photograph):
    (tmp_path / "data").mkdir()
    write_image(tmp_path / "data" / "a.png", photograph)
    recipe = tmp_path / "small.toml"
    recipe.write_text("name = 'small'\n[network]\nfeatures = 4\nblocks = 1\n[data]\npatch = 32\nbatch = 2\n")
    command = [*COMMAND, "train", recipe, "--data", tmp_path / "data", "--out", tmp_path / "run"]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    while process.poll() is None and not (tmp_path / "run" / "log.jsonl").exists():
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert "checkpoint: " in out.decode()

    refused = run(*command[3:])
    assert refused.returncode == 1
    assert "--resume" in refused.stderr
    assert run(*command[3:-1], tmp_path / "new", "--start", "none").stderr.startswith("artifix: none: no such model")
    (reached,) = (int(path.name.removeprefix("step-")) for path in (tmp_path / "run").glob("step-*"))
    resumed = run(*command[3:], "--resume", "--steps", reached + 3)
    assert resumed.returncode == 0, resumed.stderr

    exported = run("export", tmp_path / "run", "-o", tmp_path / "small.safetensors", "--summary", "a test")
    assert exported.returncode == 0, exported.stderr
    card = Restorer(tmp_path / "small.safetensors").card
    assert (card.name, card.steps, card.summary) == ("small", reached + 3, "a test")
    assert card.recipe["data"]["patch"] == 32
    restored = run("restore", tmp_path / "data", "-o", tmp_path / "out", "--model", tmp_path / "small.safetensors")
    assert restored.returncode == 0, restored.stderr


def test_inspect_says_quality_and_subsampling(jpeg):
    done = run("inspect", jpeg)
    assert done.returncode == 0
    assert "quality 15" in done.stdout
    found = json.loads(run("inspect", jpeg, "--json").stdout)
    assert found["format"] == "JPEG"


def test_models_lists_every_card():
    from artifix.models.catalog import model_names

    cards = json.loads(run("models", "--json").stdout)
    assert [card["name"] for card in cards] == model_names() != []
