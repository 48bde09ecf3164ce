"""A small study, pictures of two sizes by two methods, one of which makes them brighter; its server, to be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")
from artifix.evaluate.methods import JPEG, Method
from artifix.study.design import create_study

METHODS = [JPEG, Method("brighter", lambda degraded, file: np.minimum(degraded, 245) + np.uint8(10), "10")]


@pytest.fixture(scope="session")
def pictures(photograph, tmp_path_factory) -> Path:
    """Sixteen pictures of 64x48 and 48x64 pixels."""
    folder = tmp_path_factory.mktemp("data") / "pictures"
    folder.mkdir()
    for number in range(16):
        crop = np.roll(photograph, 11 * number, axis=(0, 1))[:48, :64]
        Image.fromarray(crop if number % 2 else crop.swapaxes(0, 1)).save(folder / f"picture-{number}.png")
    return folder


@pytest.fixture
def make_study(pictures, tmp_path):
    """make_study(images=2, seed=0, **options of create_study) -> the folder of a new study."""

    def make(images: int = 2, seed: int = 0, **options) -> Path:
        create_study(pictures, METHODS, tmp_path / "study", images=images, seed=seed, allow_long=True, **options)
        return tmp_path / "study"

    return make


class Server:
    """`artifix study serve`, always at the same port, as a process of its own."""

    def __init__(self, study: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.study, self.address, self.process = study, f"http://127.0.0.1:{self.port}/", None

    key = "experimenter"

    def start(self) -> None:
        options = ["--port", str(self.port), "--key", self.key]
        command = [sys.executable, "-m", "artifix", "study", "serve", str(self.study), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.address}api/study", timeout=10).close()
            except OSError:
                assert self.process.poll() is None, "the server has ended by itself"
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server does not answer")

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def make_server():
    """make_server(study) -> a server that is started already, and that has gone when the tests end."""
    servers = []

    def make(study: Path) -> Server:
        servers.append(Server(study))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.kill()
