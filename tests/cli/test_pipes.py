"""Pictures through pipes, and what the file system keeps beside them."""

import io
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from artifix.cli import display as terminal
from artifix.cli import pipes
from artifix.errors import ImageError
from artifix.image import read_picture
from artifix.restoration import Record, Restorer
from artifix.restoration.pairing import Pair

COMMAND = [sys.executable, "-m", "artifix", "restore"]


@pytest.fixture
def jpeg(photograph, tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph[:40, :48]).save(path, quality=20)
    return path


@pytest.fixture
def restore(make_model, tmp_path):
    """restore(*arguments, data=b"") -> the finished process, run in the temporary folder."""

    def run(*arguments, data=b""):
        command = [*COMMAND, *map(str, arguments), "--model", str(make_model())]
        return subprocess.run(command, input=data, capture_output=True, timeout=120, cwd=tmp_path)

    return run


@pytest.fixture
def expected(jpeg, make_model, tmp_path):
    Restorer(make_model()).restore_file(jpeg, tmp_path / "expected.jpg")
    return (tmp_path / "expected.jpg").read_bytes()


def test_a_picture_goes_through_pipes_as_through_files(restore, jpeg, expected, tmp_path):
    data = jpeg.read_bytes()
    before = sorted(tmp_path.iterdir())
    for arguments in (["-"], ["-", "-o", "-"]):
        done = restore(*arguments, data=data)
        assert (done.returncode, done.stdout) == (0, expected), done.stderr
        assert b"standard input -> standard output" in done.stderr
    done = restore(jpeg, "-o", "-")
    assert (done.returncode, done.stdout) == (0, expected)
    assert sorted(tmp_path.iterdir()) == before
    assert restore("-", "-o", "out.jpg", data=data).returncode == 0
    assert (tmp_path / "out.jpg").read_bytes() == expected


def test_the_suffix_names_the_format_of_what_comes_out(restore, jpeg):
    done = restore("-", "--suffix", ".webp", "--json", data=jpeg.read_bytes())
    assert Image.open(io.BytesIO(done.stdout)).format == "WEBP"
    record = json.loads(done.stderr)
    assert (record["input"], record["output"], record["status"]) == ("standard input", "standard output", "restored")


def test_what_is_no_picture_is_one_line_that_names_the_pipe(restore):
    done = restore("-", data=b"no picture")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"artifix: standard input: not a picture")
    assert done.stderr.count(b"\n") == 1


def test_what_has_no_end_is_one_line(restore, tmp_path):
    done = restore("/dev/zero", "-o", tmp_path / "a.png")
    assert done.returncode == 1
    assert done.stderr.startswith(b"artifix: /dev/zero: not a picture") and done.stderr.count(b"\n") == 1


def test_a_closed_standard_input_is_one_line(make_model, tmp_path):
    command = [*COMMAND, "-", "-o", tmp_path / "a.png", "--model", make_model()]
    done = subprocess.run(command, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(0))
    assert (done.returncode, done.stderr) == (1, b"artifix: standard input: is closed\n")


def test_more_than_a_pipe_may_bring_is_one_line(monkeypatch, tmp_path, jpeg):
    monkeypatch.setattr(pipes, "LONGEST", 100)
    os.mkfifo(tmp_path / "in.jpg")
    feed = threading.Thread(target=lambda: (tmp_path / "in.jpg").write_bytes(jpeg.read_bytes()))
    feed.start()
    with pipes.Pipes() as received, pytest.raises(ImageError, match=r"in\.jpg: more than 0 GiB"):
        received.receive(str(tmp_path / "in.jpg"))
    feed.join()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-", "photo.jpg"],
        ["-", "-o", "."],
        ["-", "-o", "name"],
        ["photo.jpg", "photo.jpg", "-o", "-"],
        [".", "-o", "-"],
    ],
)
def test_where_a_pipe_cannot_stand_nothing_is_made(restore, jpeg, tmp_path, arguments):
    before = sorted(tmp_path.iterdir())
    assert restore(*arguments, data=jpeg.read_bytes()).returncode == 2
    assert sorted(tmp_path.iterdir()) == before


def test_named_pipes(restore, jpeg, expected, tmp_path):
    for name in ("in", "out"):
        os.mkfifo(tmp_path / name)
    heard = []
    feed = threading.Thread(target=lambda: (tmp_path / "in").write_bytes(jpeg.read_bytes()))
    hear = threading.Thread(target=lambda: heard.append((tmp_path / "out").read_bytes()))
    feed.start()
    hear.start()
    done = restore("in", "-o", "out")
    feed.join()
    hear.join()
    assert done.returncode == 0, done.stderr
    assert heard == [expected]
    assert stat.S_ISFIFO((tmp_path / "out").stat().st_mode)


def test_a_device_is_written_to_and_never_replaced(restore, jpeg):
    done = restore(jpeg, "-o", "/dev/null", "--overwrite")
    assert done.returncode == 0, done.stderr
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o660])
def test_permissions_of_the_input_are_the_outputs(jpeg, make_model, tmp_path, mode):
    jpeg.chmod(mode)
    restorer = Restorer(make_model())
    restorer.restore_file(jpeg, tmp_path / "out.png")
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == mode
    (tmp_path / "out.png").chmod(0o640)
    restorer.restore_file(jpeg, tmp_path / "out.png", overwrite=True)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o640


def test_dates_are_kept_where_that_is_asked_for(restore, jpeg, tmp_path):
    os.utime(jpeg, (1e9, 1.1e9))
    assert restore(jpeg, "-o", "a.png", "--keep-dates").returncode == 0
    assert restore(jpeg, "-o", "b.png").returncode == 0
    assert (tmp_path / "a.png").stat().st_mtime == 1.1e9
    assert (tmp_path / "b.png").stat().st_mtime > 1.2e9


def test_extended_attributes_are_kept(jpeg, make_model, tmp_path):
    try:
        os.setxattr(jpeg, "user.artifix.test", b"kept")
    except (OSError, AttributeError):
        pytest.skip("there are no extended attributes here")
    Restorer(make_model()).restore_file(jpeg, tmp_path / "out.png")
    assert os.getxattr(tmp_path / "out.png", "user.artifix.test") == b"kept"


def test_a_link_is_written_through(jpeg, make_model, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "there.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to("real/there.png")
    restorer = Restorer(make_model())
    restorer.restore_file(jpeg, tmp_path / "link.png", overwrite=True)
    assert (tmp_path / "link.png").is_symlink()
    assert read_picture(tmp_path / "real" / "there.png").format == "PNG"
    assert restorer.restore_file(jpeg, tmp_path / "link.png").status == "kept"
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["there.png"]


def test_a_line_stands_for_the_bar_where_there_is_no_terminal(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(terminal.time, "perf_counter", lambda: now[0])
    pair = Pair(Path("a.jpg"), Path("b.jpg"))
    with terminal.RecordDisplay(4, as_json=False) as display:
        for share in range(1, 100):
            now[0] += 1.0
            display.advance(pair, share / 100)
        display.show(Record("a.jpg", "b.jpg", "restored", 10, 10))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "artifix: 0.30 of 4 files done in 30 s, about 6 min left",
        "artifix: 0.60 of 4 files done in 60 s, about 6 min left",
        "artifix: 0.90 of 4 files done in 2 min, about 5 min left",
    ]
