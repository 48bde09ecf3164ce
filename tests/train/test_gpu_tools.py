"""The tools for a large GPU: a pack holds all that its trainer needs, and the trainer runs where nothing else is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.models.catalog import read_model

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
# A bare machine has no artifix, no OpenVINO and no TensorBoard; torch is let in, with what it needs.
BARE = """
import runpy, sys
for name in ("openvino", "onnx", "onnxruntime", "tensorboard", "artifix_winograd", "av", "pillow_heif"):
    sys.modules[name] = None
sys.path[:] = [path for path in sys.path if not path.endswith("/src")]
script, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = script
runpy.run_path(script, run_name="__main__")
"""


def pack(out, *options, check=True):
    command = [sys.executable, str(ROOT / "tools" / "gpu" / "pack.py"), str(out), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=check)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Thirty small pictures in two folders."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("data")
    for number in range(30):
        file = folder / ("even" if number % 2 == 0 else "odd") / f"picture-{number}.png"
        file.parent.mkdir(exist_ok=True)
        smooth = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize(
            (150, 150), Image.Resampling.BICUBIC
        )
        smooth.save(file)
    return folder


def names(folder):
    return {file.name for file in (folder / "pictures").rglob("*.png")}


def test_parts_are_all_of_the_pictures_and_do_not_overlap(photographs, tmp_path):
    parts = [tmp_path / str(number) for number in range(3)]
    for number, part in enumerate(parts):
        pack(part, photographs, "--part", number, "--parts", 3, "--recipe", "faithful")
    assert sum(len(names(part)) for part in parts) == 30
    assert set.union(*map(names, parts)) == {f"picture-{number}.png" for number in range(30)}
    assert [(part / "train.py").exists() for part in parts] == [True, False, False]


def test_a_pack_stays_within_its_size_or_is_not_made(photographs, tmp_path):
    for number in range(200):
        shutil.copyfile(photographs / "odd" / "picture-1.png", tmp_path / f"copy-{number}.png")
    done = pack(tmp_path / "pack", tmp_path, "--mib", 3, "--part", 1, "--parts", 2)
    assert "of 100 pictures" in done.stdout
    assert sum(file.stat().st_size for file in (tmp_path / "pack").rglob("*") if file.is_file()) <= 3 << 20
    (tmp_path / "vgg").write_bytes(bytes(1 << 20))
    failed = pack(tmp_path / "small", photographs, "--mib", 1, "--vgg", tmp_path / "vgg", check=False)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert not (tmp_path / "small").exists()


def test_a_rehearsal_trains_every_recipe_on_a_bare_machine(photographs, tmp_path):
    folder, out = tmp_path / "pack", tmp_path / "out"
    pack(folder, photographs, "--recipe", "faithful", "--recipe", "mse-y")
    # From ten small steps with few layers as well as with many.
    for name, smaller in {
        "faithful": {"blocks = 14": "blocks = 1", "early = 4": "early = 1"},
        "mse-y": {"blocks = 15": "blocks = 1"},
    }.items():
        recipe = folder / "recipes" / f"{name}.toml"
        text = recipe.read_text()
        for old, new in smaller.items():
            assert old in text
            text = text.replace(old, new)
        recipe.write_text(text)
        (folder / "start" / f"{name}.safetensors").unlink(missing_ok=True)
    command = [sys.executable, "-I", "-c", BARE, str(folder / "train.py"), str(out)]
    done = subprocess.run(
        [*command, "--schedule", "faithful=1,mse-y=1", "--rehearse"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ms a step of 2 patches") == 2
    assert {file.name for file in out.iterdir()} == {
        f"{name}.{kind}" for name in ("faithful", "mse-y") for kind in ("safetensors", "jsonl")
    }
    for name in ("faithful", "mse-y"):
        model = read_model(out / f"{name}.safetensors")
        assert model.card.name == name
        assert model.card.steps == 10
        assert json.loads((out / f"{name}.jsonl").read_text().splitlines()[-1])["step"] == 10


def test_what_cannot_be_trained_is_said_and_the_rest_goes_on(photographs, tmp_path):
    folder = tmp_path / "pack"
    pack(folder, photographs, "--recipe", "mse-y")
    command = [sys.executable, str(folder / "train.py"), str(tmp_path / "out"), "--rehearse", "--schedule"]
    done = subprocess.run([*command, "mse-y"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "NAME=MINUTES" in done.stderr
