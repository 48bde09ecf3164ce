import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app

RUN = CliRunner()


@pytest.fixture
def pair(photograph, make_model, tmp_path):
    """A JPEG and what a network of random weights restored of it."""
    Image.fromarray(photograph[:90, :100]).save(tmp_path / "in.jpg", quality=50)
    options = ["--model", str(make_model()), "--format", "png", "--json"]
    done = RUN.invoke(app, ["restore", str(tmp_path / "in.jpg"), "-o", str(tmp_path / "out"), *options])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["bound"] == "kept"
    return tmp_path / "in.jpg", tmp_path / "out" / "in.png"


def test_a_restored_picture_verifies(pair):
    done = RUN.invoke(app, ["verify", *map(str, pair)])
    assert done.exit_code == 0, done.output
    assert "could be the original" in done.stdout
    assert str(pair[0]) in done.stdout


def test_another_picture_does_not_and_the_map_shows_where(pair, tmp_path):
    changed = np.array(Image.open(pair[1]))
    changed[30:40, 50:60] = 255 - changed[30:40, 50:60]
    Image.fromarray(changed).save(tmp_path / "changed.png")
    arguments = ["verify", str(pair[0]), str(tmp_path / "changed.png"), "--map", str(tmp_path / "map.png")]
    done = RUN.invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert not found["possible"]
    assert found["beyond"] > 0
    assert found["coefficients"] > found["outside"] >= found["beyond"]
    shown = np.asarray(Image.open(tmp_path / "map.png")).astype(int)
    assert shown.shape == (90, 100, 3)
    assert (shown[32:40, 50:60, 0] > 160).all()
    assert (shown[:16] == shown[:16, :, :1]).all()
    assert RUN.invoke(app, arguments).exit_code == 1  # the map is there already


@pytest.mark.parametrize("kind", ["png", "size", "cmyk"])
def test_what_cannot_be_verified_is_one_line(pair, photograph, tmp_path, kind):
    original = tmp_path / f"x.{'png' if kind == 'png' else 'jpg'}"
    Image.fromarray(photograph).convert("CMYK" if kind == "cmyk" else "RGB").save(original)
    done = RUN.invoke(app, ["verify", str(original), str(pair[1])])
    assert done.exit_code == 1
    assert str(original) in str(done.exception)


@pytest.mark.parametrize(
    ("options", "name"), [(["--format", "webp"], "in.webp"), (["--format", "png", "--suffix", "-a"], "in-a.png")]
)
def test_the_format_of_outputs_in_one_word(photograph, make_model, tmp_path, options, name):
    Image.fromarray(photograph).save(tmp_path / "in.jpg")
    arguments = ["restore", str(tmp_path / "in.jpg"), "--model", str(make_model()), *options]
    assert RUN.invoke(app, [*arguments, "-o", str(tmp_path / "out")]).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert RUN.invoke(app, arguments).exit_code == 0
    assert (tmp_path / (name if "-a" in name else f"in-restored.{options[1]}")).is_file()


@pytest.mark.parametrize("options", [["-o", "out.jpg"], ["--suffix", "-a.jpg"]])
def test_two_formats_at_a_time_are_refused(tmp_path, options):
    done = RUN.invoke(app, ["restore", "in.jpg", "--format", "png", *options])
    assert done.exit_code == 2
    assert "match" in done.output
