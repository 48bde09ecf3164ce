"""`--dry-run` prints what a run then does, and writes nothing; `--verbose` and `--threads` of `restore`."""

import json
import subprocess
import sys
import zipfile

import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app


def restore(*arguments):
    return CliRunner().invoke(app, ["restore", *map(str, arguments)])


@pytest.fixture
def folder(photograph, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("new.jpg", "made.jpg", "foreign.jpg"):
        Image.fromarray(photograph[:40, :48]).save(tmp_path / "in" / name, quality=20)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    return tmp_path


def listing(folder):
    return sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize("overwrite", [True, False])
def test_the_plan_is_what_the_run_does(folder, make_model, overwrite):
    model, source, target = make_model(), folder / "in", folder / "out"
    assert restore(source / "made.jpg", "-o", target / "made.jpg", "--model", model).exit_code == 0
    Image.new("RGB", (9, 9)).save(target / "foreign.jpg")
    options = [source, "-o", target, "--model", model, "--json", *(["--overwrite"] if overwrite else [])]
    before = listing(folder)
    planned = restore(*options, "--dry-run")
    assert planned.exit_code == (0 if overwrite else 1), planned.output
    assert listing(folder) == before
    done = {}
    for line in restore(*options).stdout.splitlines():
        record = json.loads(line)
        done[record["input"]] = {"restored": "restore", "kept": "keep", "failed": "fail"}.get(record["status"])
    done.pop(str(source / "notes.txt"), None)
    assert {row["input"]: row["do"] for row in json.loads(planned.stdout)} == done
    assert set(done.values()) == ({"restore"} if overwrite else {"restore", "keep", "fail"})


def test_for_people_it_is_a_line_a_file(folder, make_model):
    done = restore(folder / "in", "-o", folder / "out", "--model", make_model(), "--dry-run")
    assert f"{folder}/in/new.jpg -> {folder}/out/new.jpg" in done.output.splitlines()
    assert "1 file left alone: .txt 1" in done.output
    assert not (folder / "out").exists()


def test_an_input_that_is_not_there(tmp_path, make_model):
    done = restore(tmp_path / "none.jpg", "--model", make_model(), "--dry-run")
    assert done.exit_code == 1
    assert done.stderr == f"artifix: {tmp_path}/none.jpg: there is no such input\n"


def test_an_archive_that_was_made_is_kept(folder, make_model):
    with zipfile.ZipFile(folder / "comic.cbz", "w") as comic:
        comic.write(folder / "in/new.jpg", "1.jpg")
    model = make_model()
    assert "(1 page, " in restore(folder / "comic.cbz", "--model", model).output
    planned = restore(folder / "comic.cbz", "--model", model, "--dry-run", "--json")
    assert [row["do"] for row in json.loads(planned.stdout)] == ["keep"]


@pytest.mark.parametrize(("source", "target"), [("new.jpg", "a.xyz"), ("comic.cbz", "a.jpg"), ("film.mp4", "a.jpg")])
def test_a_name_that_cannot_be_written_fails(folder, make_model, source, target):
    (folder / "in" / source).touch()
    done = restore(folder / "in" / source, "-o", folder / target, "--model", make_model(), "--dry-run")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"artifix: {folder}/{target}: ")


def test_pipes_have_their_names(folder, make_model):
    data = (folder / "in/new.jpg").read_bytes()
    done = CliRunner().invoke(app, ["restore", "-", "--model", str(make_model()), "--dry-run"], input=data)
    assert done.stdout == "standard input -> standard output\n"


def test_verbose_says_how_each_picture_is_restored(folder, make_model):
    """In a process of its own: logging is set up once."""
    command = [sys.executable, "-m", "artifix", "restore", folder / "in/new.jpg", "--model", make_model()]
    quiet = subprocess.run([*command, "-o", folder / "a.jpg"], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    told = subprocess.run([*command, "-o", folder / "b.jpg", "-v"], capture_output=True, text=True, check=True)
    assert "runs on openvino in" in told.stderr
    assert "new.jpg: strength 1, bound kept" in told.stderr


def test_threads_reach_the_engine(folder, monkeypatch):
    from artifix.errors import ModelError
    from artifix.restoration import load

    found = []

    def stand_in(model, **options):
        found.append(options["threads"])
        raise ModelError("a stand-in")

    monkeypatch.setattr(load, "Restorer", stand_in)
    restore(folder / "in", "--threads", "3", "--dry-run")
    assert found == [3]


def test_a_pool_has_threads_of_its_own(folder):
    done = restore(folder / "in", "-o", folder / "out", "--engine-pool", "ray", "--threads", "2")
    assert done.exit_code == 2
    assert "--worker-cpus" in done.output
