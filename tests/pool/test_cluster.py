"""A real cluster of two nodes that loses one."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.image import read_image

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from artifix.pool.manifest import MANIFEST, Manifest
from artifix.pool.planning import plan
from artifix.pool.remote import Folder
from artifix.restoration import Restorer
from artifix.restoration.options import FileOptions


def descendants(process):
    """The ids of a process, its children, theirs and so on."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def kill(process):
    """The end of a machine: everything on it at once."""
    for one in descendants(process.pid):
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def title(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def wait_for(condition, seconds=45):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def cluster(monkeypatch):
    """Two Ray nodes of one processor each, both on loopback: the address, and the two `ray start` processes."""
    pytest.importorskip("ray")
    if sys.platform != "linux":
        pytest.skip("finds a node's processes in /proc")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
    start += ["--num-cpus=1", "--object-store-memory=80000000"]
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # a short path: the names of its sockets are limited
        head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"]
        nodes = []
        try:
            # 127.0.0.1 would become the machine's outer address.
            for where in (
                [*head, "--node-ip-address=127.0.0.2"],
                [f"--address=127.0.0.2:{port}", "--node-ip-address=127.0.0.3"],
            ):
                node = subprocess.Popen([*start, *where], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                nodes.append(node)
                said = list(takewhile(lambda line: "Ray runtime started" not in line, node.stdout))
                assert node.poll() is None, "".join(said)
            yield f"127.0.0.2:{port}", nodes
        finally:
            for node in nodes:
                kill(node)
                node.stdout.close()


@pytest.mark.ray
def test_a_node_dies_midway_and_nothing_is_lost(cluster, photograph, make_model, tmp_path):
    address, (_, second) = cluster
    source, target, count = tmp_path / "in", tmp_path / "out", 96
    source.mkdir()
    for number in range(count):
        Image.fromarray(np.roll(photograph, number, axis=1)).save(source / f"{number}.jpg", quality=30)
    (source / "broken.jpg").write_bytes(b"no picture")
    command = [
        sys.executable,
        "-m",
        "artifix",
        "restore",
        source,
        "-o",
        target,
        "--model",
        make_model(features=32, blocks=8),
    ]
    command += ["--suffix", ".png", "--engine-pool", "ray", "--address", address]

    running = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: sum("MapWorker" in title(one) for one in descendants(second.pid)))
    wait_for(lambda: len(list(target.glob("*.png"))) >= 8)
    kill(second)
    there = len(list(target.glob("*.png")))
    assert there < count, "too late: all was done before the node died"
    output, errors = running.communicate(timeout=60)

    assert running.returncode == 1, errors
    assert "Traceback" not in errors
    assert "broken.jpg" in errors
    assert f"{count} restored" in output.splitlines()[-1]
    assert sorted(path.name for path in target.iterdir()) == sorted([*(f"{n}.png" for n in range(count)), MANIFEST])
    assert all(read_image(target / f"{number}.png").shape == photograph.shape for number in range(count))
    rows = Manifest(Folder(str(target)), [MANIFEST], "").rows
    assert len(rows) == count + 1
    assert sum(row.status == "restored" for row in rows.values()) == count

    again = plan(str(source), str(target), Restorer(), FileOptions(), suffix=".png")
    assert [row.input for row in again.todo] == ["broken.jpg"]
