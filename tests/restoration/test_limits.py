"""What the system refuses, memory or a place to write, ends in one line, and nothing half written is left."""

import dataclasses
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.engines import engine as module
from artifix.errors import ModelError
from artifix.restoration import Restorer, network
from artifix.restoration.memory import memory_beside

MIB = 1 << 20
FULL = Path("/dev/full")


def run(*command, limit=None, amount=0, **options):
    """The command line under a limit of the system's."""

    def lower():
        resource.setrlimit(limit, (amount, amount))

    full = [sys.executable, "-m", "artifix", *map(str, command)]
    options = {"stdout": subprocess.PIPE} | options
    threads = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}  # each takes room of its own
    return subprocess.run(
        full, stderr=subprocess.PIPE, text=True, preexec_fn=limit and lower, env=threads, check=False, **options
    )


def only_line(done, *words):
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("artifix: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.fixture
def picture(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "a.jpg")
    return tmp_path / "a.jpg"


@pytest.mark.parametrize("error", [RuntimeError("from node.cpp:1:\nFailed to allocate 9 bytes\n\n"), MemoryError()])
def test_a_runtime_that_fails_is_one_line(picture, tmp_path, make_model, error, monkeypatch):
    def fail(*_):
        raise error

    engine = Restorer(make_model()).load()
    restorer = Restorer(make_model()).running_on(dataclasses.replace(engine, run=fail))
    with pytest.raises(
        ModelError, match=r"a\.jpg: openvino failed, .*(Failed to allocate 9 bytes|MemoryError)$"
    ) as told:
        restorer.restore_file(picture, tmp_path / "out.png")
    assert "\n" not in str(told.value)
    monkeypatch.setitem(module._LOADERS, "openvino", fail)
    with pytest.raises(ModelError, match="most likely for lack of memory"):
        Restorer(make_model()).load()


def test_too_little_memory_for_the_network_is_one_line(tmp_path, make_model):
    """It starts within this much, but a layer's maps of so large a picture alone take twice as much."""
    Image.new("RGB", (4096, 4096)).save(tmp_path / "large.png")
    command = ["restore", tmp_path / "large.png", "-o", tmp_path / "out.png", "--model", make_model(features=64)]
    done = run(*command, "--force", "--max-memory", "64GiB", limit=resource.RLIMIT_AS, amount=2500 * MIB)
    only_line(done, "large.png", "memory")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.png"]


def test_a_folder_that_may_not_be_written_to_is_one_line(picture, tmp_path, make_model):
    for folder in ("/proc", "/dev/full"):
        only_line(run("restore", picture, "-o", f"{folder}/b.png", "--model", make_model()), folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg"]


def test_a_full_disk_is_one_line(picture, tmp_path, make_model):
    command = ["restore", picture, "-o", tmp_path / "out.png", "--model", make_model(features=4)]
    only_line(run(*command, limit=resource.RLIMIT_FSIZE, amount=5000), "out.png", "File too large")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg"]


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_records_that_cannot_be_printed_are_one_line(picture, tmp_path, make_model):
    with FULL.open("w") as full:
        done = run("restore", picture, "-o", tmp_path / "b.png", "--model", make_model(), "--json", stdout=full)
    only_line(done, "No space left on device")


MANY_SHAPES = """
import numpy as np
from artifix.restoration import Restorer

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

restorer, chance = Restorer("mse"), np.random.default_rng(0)
for number in range(120):
    restorer.restore_image(np.zeros((*chance.integers(8, 120, 2), 3), np.uint8))
    early = resident() if number == 40 else early if number > 40 else 0
print(resident() - early)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's account of its memory")
def test_pictures_of_many_shapes_do_not_pile_up_in_memory():
    done = subprocess.run([sys.executable, "-c", MANY_SHAPES], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100 * MIB  # some 400 where OpenVINO keeps kernels for every shape


@pytest.mark.parametrize(
    ("megapixels", "bytes_a_pixel", "least", "most"),
    [
        (1, 3, 1 << 30, 1 << 30),
        (64, 3, 900_000_000, 930_000_000),
        (100, 3, 590_000_000, 610_000_000),
        (100, 6, 1 << 28, 1 << 28),
        (1000, 6, 1 << 28, 1 << 28),
    ],
)
def test_the_network_takes_less_beside_a_large_picture(megapixels, bytes_a_pixel, least, most):
    picture = megapixels * 1_000_000 * bytes_a_pixel
    assert least <= memory_beside(picture, 1 << 30) <= most
    assert memory_beside(picture, 1000) == 1000  # nobody is given more than was asked for
    assert memory_beside(picture, 1 << 36) == 1 << 36


def test_smaller_tiles_make_the_same_picture(make_model, photograph, monkeypatch):
    restorer = Restorer(make_model(), precision="fp32", max_memory=10_000_000)
    whole = restorer.restore_image(photograph)
    monkeypatch.setattr("artifix.restoration.memory._ALTOGETHER", 3 * photograph.nbytes + 200_000)
    monkeypatch.setattr("artifix.restoration.memory._LEAST_MEMORY", 1000)
    tiles = []
    monkeypatch.setattr("artifix.restoration.network.read_tile", partial(_counted, tiles, network.read_tile))
    np.testing.assert_allclose(restorer.restore_image(photograph).astype(int), whole, atol=1)
    assert len(tiles) > 1


def _counted(tiles, read, *arguments):
    tiles.append(arguments)
    return read(*arguments)
