"""Ctrl-C and SIGTERM end a command although a decoder does not listen."""

import signal
import subprocess
import sys

import pytest

CODE = """
import signal, sys, time
from functools import partial
from pathlib import Path
from artifix.cli import leaving
from artifix.image import atomic_output
from artifix.threads import side_by_side

def decode(path):
    with atomic_output(path) as file:
        file.write(b"half of it")
        print("decoding", flush=True)
        time.sleep(600)  # as deaf as a decoder

leaving.PATIENCE = 0.2
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
signal.signal(signal.SIGINT, signal.default_int_handler)
with leaving.leaving_in_time(), side_by_side([partial(decode, Path(sys.argv[1]))], 1) as results:
    list(results)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_no_file(tmp_path, number):
    command = [sys.executable, "-c", CODE, str(tmp_path / "out.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "decoding\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        assert process.wait(timeout=120) == 128 + number
    assert list(tmp_path.iterdir()) == []
