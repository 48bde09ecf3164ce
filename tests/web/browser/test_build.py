"""The folder that `artifix web-build` writes: whole, replaced where it is its own, and nothing of anybody else's."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import OutputError
from artifix.models.catalog import DEFAULT
from artifix.web import runtime
from artifix.web.build import build
from artifix.web.runtime import WASM, WEBGPU, RuntimeFilesError, runtime_files


def test_a_folder_of_somebody_elses_is_not_touched(package, make_model, tmp_path):
    mine = tmp_path / "page"
    mine.mkdir()
    (mine / "note.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="other files"):
            build(mine, [make_model()], runtime=package, overwrite=overwrite)
    assert [path.name for path in mine.iterdir()] == ["note.txt"]


def test_the_working_folder_and_links_stay(package, make_model, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    for folder in (Path(), tmp_path / "link"):
        with pytest.raises(OutputError, match="cannot be replaced"):
            build(folder, [make_model()], runtime=package)
    with pytest.raises(OutputError, match="file/page: cannot be written"):
        (tmp_path / "file").touch()
        build(tmp_path / "file" / "page", [make_model()], runtime=package)
    assert not list((tmp_path / "mine").iterdir())


def test_a_build_is_replaced_if_asked(package, make_model, tmp_path):
    folder = tmp_path / "deep" / "page"
    arguments = ["web-build", str(folder), "--model", str(make_model()), "--onnxruntime", str(package)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    first = (folder / "sw.js").read_text()
    assert CliRunner().invoke(app, arguments).exit_code == 1
    done = CliRunner().invoke(app, [*arguments, "--model", str(make_model(seed=1)), "--overwrite"])
    assert done.exit_code == 0, done.output
    assert (folder / "sw.js").read_text() != first  # what browsers have stored is replaced, too
    assert [path.name for path in folder.parent.iterdir()] == ["page"]
    offers = json.loads((folder / "offers.json").read_text())
    assert list(offers["networks"]) == [make_model().stem, make_model(seed=1).stem]


def test_what_is_not_of_the_earlier_build_stays(package, make_model, tmp_path):
    folder, first, second = tmp_path / "page", make_model(), make_model(seed=1)
    build(folder, [first], runtime=package)
    theirs = {"CNAME": "example.org", ".git/HEAD": "ref", "samples/mine.txt": "mine"}
    for name, text in theirs.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    size = build(folder, [second], runtime=package, overwrite=True)
    assert {name: (folder / name).read_text() for name in theirs} == theirs
    assert not (folder / f"{first.stem}.onnx").exists()
    own = json.loads((folder / "offers.json").read_text())["files"]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found - set(theirs) == set(own) - {f"{first.stem}.onnx"}
    assert size == sum((folder / name).stat().st_size for name in found - set(theirs))
    stored = (folder / "sw.js").read_text()
    assert "CNAME" not in stored
    assert f"{second.stem}.onnx" in stored


def test_a_file_of_somebody_elses_is_not_replaced(package, make_model, tmp_path):
    folder, second = tmp_path / "page", make_model(seed=1)
    build(folder, [make_model()], runtime=package)
    before = (folder / "index.html").read_bytes()
    (folder / f"{second.stem}.onnx").write_text("mine")
    with pytest.raises(OutputError, match="is not of an earlier build"):
        build(folder, [second], runtime=package, overwrite=True)
    assert (folder / f"{second.stem}.onnx").read_text() == "mine"
    assert (folder / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize("name", ["../mine.txt", "/{}/mine.txt", "away/mine.txt"])
def test_nothing_outside_of_the_folder_is_removed(package, make_model, tmp_path, name):
    folder, outside = tmp_path / "page", tmp_path / "mine.txt"
    build(folder, [make_model()], runtime=package)
    outside.write_text("mine")
    (folder / "away").symlink_to(tmp_path)
    offers = json.loads((folder / "offers.json").read_text())
    offers["files"].append(name.format(tmp_path))
    (folder / "offers.json").write_text(json.dumps(offers))
    build(folder, [make_model()], runtime=package, overwrite=True)
    assert outside.read_text() == "mine"


def test_the_first_model_is_the_choice_that_is_made(package, tmp_path):
    build(tmp_path / "page", ["fast", DEFAULT], runtime=package)
    models = json.loads((tmp_path / "page/offers.json").read_text())["models"]
    assert models["default"] == "fast"
    assert {choice["label"]: choice["model"] for choice in models["choices"]} == {"Faithful": DEFAULT, "Quick": ""}


def test_all_that_the_page_loads_is_in_the_folder(page_of):
    folder = page_of
    for script in folder.glob("*.js"):
        text = script.read_text()
        for name in re.findall(r"""(?:from|import\()\s*["']\./([^"']+)["']""", text):
            assert (folder / name).exists(), f"{script.name} imports {name}"
        for names, source in re.findall(r"""import \{([^}]*)\} from ["']\./([^"']+)["']""", text):
            exports = r"^export (?:async )?(?:function\*?|class|const) (\w+)"
            exported = re.findall(exports, (folder / source).read_text(), re.MULTILINE)
            for name in filter(None, (name.split(" as ")[0].strip() for name in names.split(","))):
                assert name in exported, f"{script.name} imports {name} from {source}"
    for name in re.findall(r"""(?:src|href)="([^"#:]+)\"""", (folder / "index.html").read_text()):
        assert (folder / name).exists(), name


def test_a_package_without_the_files_is_one_line(tmp_path, make_model):
    with pytest.raises(RuntimeFilesError, match=WASM[0]):
        build(tmp_path / "page", [make_model()], runtime=tmp_path)
    assert not (tmp_path / "page").exists()
    assert len(WEBGPU) == 3


def test_without_the_extra_it_is_one_line_and_nothing_is_left(make_model, tmp_path):
    code = f"""
import sys
sys.modules["onnx"] = None
sys.argv = ["artifix", "web-build", {str(tmp_path / "page")!r}, "--model", {str(make_model())!r}]
from artifix.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("artifix: this command: needs the extra 'onnxruntime'")
    assert not list(tmp_path.iterdir())


def test_a_package_that_was_altered_is_refused(monkeypatch, tmp_path):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho altered > onnxruntime-web.tgz\n")
    npm.chmod(0o755)
    monkeypatch.setattr(runtime.shutil, "which", lambda name: str(npm))
    with pytest.raises(RuntimeFilesError, match="SHA-512 differs"), runtime_files(None):
        pass
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeFilesError, match="not installed"), runtime_files(None):
        pass
