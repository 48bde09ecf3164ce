"""What every command says of itself, and what it says where a package is missing."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import artifix
from artifix.cli import app
from artifix.cli.errors import _EXTRAS, missing
from artifix.models.catalog import model_names

ROOT = Path(__file__).parents[2]
PACKAGES = {"multipart": "python-multipart", "starlette": "fastapi", "pillow_jxl": "pillow-jxl-plugin"}


def commands(group=None, path=()):
    """Every command, as the words that call it."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands())


def test_the_version_is_the_packages():
    assert CliRunner().invoke(app, ["--version"]).output == f"artifix {artifix.__version__}\n"
    assert artifix.__version__ == importlib.metadata.version("artifix")


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_h_is_help(path):
    done = CliRunner().invoke(app, [*path, "-h"])
    assert done.exit_code == 0
    assert done.output == CliRunner().invoke(app, [*path, "--help"]).output
    assert not re.search(r"\d{6}", done.output)  # defaults that nobody can read


@pytest.mark.parametrize(("path", "command"), ALL, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_every_option_is_a_sentence(path, command):
    assert (command.help or "").strip().splitlines()[0].endswith(".")
    for parameter in command.params:
        text = parameter.help or ""
        assert text.endswith("."), f"{path} {parameter.name}: {text!r}"


def test_every_package_is_in_its_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package, extra in _EXTRAS.items():
        wanted = PACKAGES.get(package, package.replace("_", "-"))
        assert any(re.split(r"[\[>=]", line)[0] == wanted for line in extras[extra]), package


def test_a_missing_package_says_how_to_install_it():
    line = missing(ModuleNotFoundError("No module named 'fastapi'", name="fastapi.responses"))
    assert "pip install 'artifix[web]'" in line
    assert missing(ModuleNotFoundError("No module named 'x'", name="x.y")).endswith("pip install x")


def test_a_command_without_its_extra_is_one_line():
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['artifix', 'serve']; import artifix.cli as c; c.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'artifix[web]'" in done.stderr


def test_models_are_completed():
    restore = dict(ALL)["restore",]
    model = next(parameter for parameter in restore.params if parameter.name == "model")
    context = typer.Context(restore)
    assert [item.value for item in model.shell_complete(context, "mse")] == [
        m for m in model_names() if m.startswith("mse")
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_quiet_prints_failures_and_records_alone(photograph, make_model, tmp_path, as_json):
    folder = tmp_path / "in"
    folder.mkdir()
    artifix.write_image(folder / "a.png", photograph)
    artifix.write_image(folder / "b.png", photograph)
    (folder / "c.txt").write_text("left alone")
    command = ["restore", str(folder), "-q", "--model", str(make_model()), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*command, *["--json"] * as_json])
    assert done.exit_code == 0
    assert done.stderr == ""
    assert done.stdout.count("\n") == (3 if as_json else 0)
    (folder / "broken.png").write_bytes(b"no picture")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "broken.png" in done.stderr
    assert done.stdout == ""
