import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from typer.testing import CliRunner

pytest.importorskip("fastapi")
from artifix.cli import app


def test_a_host_that_others_reach_needs_a_token():
    done = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0"])
    assert done.exit_code == 2
    assert "--token" in done.output


@pytest.mark.parametrize("arguments", [["--workers", "10000"], ["--max-upload", "many"], ["--queue", "-1"]])
def test_wrong_limits_are_refused(arguments):
    assert CliRunner().invoke(app, ["serve", *arguments]).exit_code == 2


def test_no_bytes_at_all_are_refused_by_the_options_name():
    done = CliRunner().invoke(app, ["serve", "--max-upload", "0"])
    assert done.exit_code == 2
    assert "--max-upload" in done.output


@pytest.mark.parametrize("token", ["sésame", "开门", " sesame", "sesame\n", "open\tsesame", " "])
def test_a_token_that_no_header_can_bear_is_refused(token):
    done = CliRunner().invoke(app, ["serve", "--port", "0"], env={"ARTIFIX_TOKEN": token})
    assert done.exit_code == 2
    assert "must be printable ASCII" in done.output


def test_it_serves_until_it_is_stopped():
    command = [sys.executable, "-m", "artifix", "serve", "--host", "0.0.0.0", "--port", "0"]
    environment = os.environ | {"ARTIFIX_TOKEN": "sesame"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            port = re.fullmatch(r"http://0\.0\.0\.0:(\d+)/\n", process.stdout.readline())[1]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=10) as answer:
                assert answer.status == 200
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert errors.count("\n") == 1
    assert "not encrypted" in errors
    assert "sesame" not in errors


def test_ctrl_c_is_an_end_without_a_traceback():
    command = [sys.executable, "-m", "artifix", "serve", "--port", "0", "--log", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            urllib.request.urlopen(f"{address}api/models", timeout=10).close()
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert [json.loads(line)["path"] for line in errors.splitlines() if line] == ["/api/models"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cors-origin", "pictures.example"],
        ["--cors-origin", "https://pictures.example/"],
        ["--cors-origin", "*"],
        ["--cors-origin", "https://[::1"],
        ["--root-path", "artifix"],
        ["--root-path", "/artifix/"],
    ],
)
def test_wrong_origins_and_paths_are_refused(arguments):
    done = CliRunner().invoke(app, ["serve", "--port", "0", *arguments])
    assert done.exit_code == 2
    assert arguments[0] in done.output
