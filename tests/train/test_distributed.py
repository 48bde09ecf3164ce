"""Two processes under torchrun, talking by gloo, against one that sees the joined batch."""

import functools
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from artifix.image import write_image
from artifix.train.distributed import Group, join_group
from artifix.train.run import train_from_files

RECIPE = """
name = "small"
[network]
features = 4
blocks = 1
[data]
patch = 32
batch = {batch}
[loss]
l1 = 1.0
adversarial = 0.1
[discriminator]
features = 4
learning_rate = 1e-3
[optimiser]
steps = 4
learning_rate = 1e-3
warmup = 0
"""


def weights(checkpoint):
    """Generator's and discriminator's, as one row."""
    tensors = {
        f"{name}.{key}": value
        for name in ("generator", "discriminator")
        for key, value in load_file(checkpoint / f"{name}.safetensors").items()
        if not key.startswith("average.")
    }
    return {key: tensors[key].flatten() for key in sorted(tensors)}


def apart(first, second):
    """The mean distance of two sets of weights."""
    total = sum((first[key] - second[key]).abs().sum().item() for key in first)
    return total / sum(value.numel() for value in first.values())


@pytest.fixture
def folder(tmp_path, photograph):
    (tmp_path / "data").mkdir()
    write_image(tmp_path / "data" / "a.png", photograph)
    for batch in (2, 4):
        (tmp_path / f"{batch}.toml").write_text(RECIPE.format(batch=batch))
    return tmp_path


def two_processes(*command):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([*torchrun, *map(str, command)], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def one_process(folder, batch, steps):
    out = folder / f"{batch}-{steps}"
    return train_from_files(folder / f"{batch}.toml", [folder / "data"], out, workers=0, device="cpu", steps=steps)


def test_two_processes_learn_what_one_learns_from_the_joined_batch(folder, monkeypatch):
    """In float32, where rounding does not blur it: to a ten-thousandth of the way gone (7e-7 was seen)."""
    script = folder / "train.py"
    script.write_text(
        "import functools, pathlib, torch\n"
        "torch.autocast = functools.partial(torch.autocast, enabled=False)\n"
        "from artifix.train.run import train_from_files\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "train_from_files(folder / '4.toml', [folder / 'data'], folder / 'two', workers=0, device='cpu')\n"
    )
    two_processes(script)
    monkeypatch.setattr(torch, "autocast", functools.partial(torch.autocast, enabled=False))
    (checkpoint,) = (folder / "two").glob("step-*")
    two, one, half, first = map(
        weights, (checkpoint, *(one_process(folder, *options) for options in ((4, 4), (2, 4), (4, 1))))
    )
    gone = apart(one, first)
    assert apart(two, one) < 1e-4 * gone
    assert apart(half, one) > 0.1 * gone  # half the batch alone leads elsewhere


def test_torchrun_runs_the_command_line_and_writes_once(folder):
    options = "--workers", 0, "--interval", 1, "--device", "cpu"
    said = two_processes(
        "-m", "artifix", "train", folder / "4.toml", "--data", folder / "data", "--out", folder, *options
    )
    (checkpoint,) = folder.glob("step-*")
    assert said == f"checkpoint: {checkpoint}\n"
    assert len((folder / "log.jsonl").read_text().splitlines()) == 5  # four steps and what is held out
    # In bfloat16 a gradient meaned over four patches is rounded otherwise than over two and two, and Adam makes a whole
    # step of the sign of one near zero: a twentieth of the way gone was seen.
    one, first = weights(one_process(folder, 4, 4)), weights(one_process(folder, 4, 1))
    assert apart(weights(checkpoint), one) < 0.2 * apart(one, first)


def test_without_torchrun_a_process_is_alone():
    with join_group("cpu") as (group, device):
        assert (group, device) == (Group(0, 1), "cpu")
        assert group.leads
        assert group.agree(0.5, False) == (0.5, False)


@pytest.mark.parametrize("rank", [0, 1])
def test_only_the_first_leads(rank):
    assert Group(rank, 2).leads == (rank == 0)
