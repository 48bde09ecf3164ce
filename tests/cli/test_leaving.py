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
from artifix.cli.stopping import stop_as_after_ctrl_c
from artifix.image import atomic_output
from artifix.threads import side_by_side

def decode(path):
    with atomic_output(path) as file:
        file.write(b"half of it")
        print("decoding", flush=True)
        time.sleep(600)  # as deaf as a decoder

leaving.PATIENCE = 0.2
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # although these tests may run under nohup
stop_as_after_ctrl_c()
signal.signal(signal.SIGINT, signal.default_int_handler)
with leaving.leaving_in_time(), side_by_side([partial(decode, Path(sys.argv[1]))], 1) as results:
    list(results)
"""

READING = """
import signal
from artifix.cli import main, pipes

receive = pipes._receive

def receive_aloud(stream, file):
    print("reading", flush=True)
    receive(stream, file)

signal.signal(signal.SIGHUP, signal.DISPOSITION)
pipes._receive = receive_aloud
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_no_file(tmp_path, number):
    command = [sys.executable, "-c", CODE, str(tmp_path / "out.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "decoding\n"
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        assert process.wait(timeout=120) == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ignored", [False, True])
def test_a_closed_terminal_ends_a_command_but_not_under_nohup(tmp_path, ignored):
    code = READING.replace("DISPOSITION", "SIG_IGN" if ignored else "SIG_DFL")
    command = [sys.executable, "-c", code, "restore", "-", "-o", str(tmp_path / "a.png")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGHUP)
        if not ignored:
            process.wait(timeout=120)
        _, said = process.communicate(b"no picture")
    assert process.returncode == (1 if ignored else 128 + signal.SIGHUP), said
