"""A folder restored by a pool: what a plan holds, what a worker does, and a cluster of two that loses one."""

import dataclasses
import json
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
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ClusterError, DataError, OutputError
from artifix.image import read_image
from artifix.restoration import Record

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
fsspec = pytest.importorskip("fsspec")

from artifix.restoration.attempts import Attempts  # noqa: E402
from artifix.restoration.distributed import Pool, RestoreWorker, plan, run  # noqa: E402
from artifix.restoration.manifest import MANIFEST, PARTS, Manifest, Row, rows_of, table_of  # noqa: E402
from artifix.restoration.remote import Folder  # noqa: E402


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    yield files
    for path in files.find("/"):
        files.rm_file(path)


@pytest.fixture
def jpeg(photograph, tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph).save(path, quality=15)
    return path.read_bytes()


def done_by_one_worker(planned):
    """What `run` does, without Ray: the planned rows through a worker of this process, into the manifest."""
    worker = RestoreWorker(planned.job, 1, Attempts())
    rows = rows_of(worker(table_of(planned.todo)))
    for row in (*planned.kept, *rows):
        planned.manifest.add(row)
    planned.manifest.close()
    return {row.source: row for row in rows}


def test_from_store_to_store_with_a_row_for_each_picture(memory, jpeg, make_model):
    memory.pipe({"/in/a.jpg": jpeg, "/in/deep/b.jpg": jpeg, "/in/broken.jpg": b"no picture", "/in/notes.txt": b""})
    planned = plan("memory://in", "memory://out", restorer={"model": str(make_model())}, suffix=".png")
    rows = done_by_one_worker(planned)
    assert {name: row.status for name, row in rows.items()} == {
        "a.jpg": "restored",
        "deep/b.jpg": "restored",
        "broken.jpg": "failed",
    }
    assert rows["broken.jpg"].error.startswith("memory://in/broken.jpg: ")
    assert (rows["a.jpg"].size, rows["a.jpg"].width, rows["a.jpg"].height) == (len(jpeg), 128, 96)
    assert sorted(memory.find("/out")) == ["/out/a.png", "/out/deep/b.png", f"/out/{MANIFEST}"]


def test_again_does_only_what_is_missing_failed_or_changed(memory, jpeg, make_model):
    settings = {"model": str(make_model())}
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "abcd"} | {"/in/e.jpg": b"no picture"})
    done_by_one_worker(plan("memory://in", "memory://out", restorer=settings))
    memory.rm_file("/out/b.jpg")
    memory.pipe("/in/c.jpg", jpeg)  # the same bytes, at another time
    again = plan("memory://in", "memory://out", restorer=settings)
    assert [row.source for row in again.todo] == ["b.jpg", "c.jpg", "e.jpg"]
    assert [row.source for row in again.kept] == ["a.jpg", "d.jpg"]
    assert len(plan("memory://in", "memory://out", restorer=settings, overwrite=True).todo) == 5


def test_a_run_that_was_stopped_goes_on_from_its_parts(memory, jpeg, make_model):
    settings = {"model": str(make_model())}
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "ab"})
    stopped = plan("memory://in", "memory://out", restorer=settings)
    for row in rows_of(RestoreWorker(stopped.job, 1, Attempts())(table_of(stopped.todo[:1]))):
        stopped.manifest.add(row)
    stopped.manifest.save_part()
    assert memory.ls(f"/out/{PARTS}")
    memory.pipe("/in/a.jpg", jpeg)
    again = plan("memory://in", "memory://out", restorer=settings)
    assert [row.source for row in again.todo] == ["a.jpg", "b.jpg"]  # the part told of a's time
    done_by_one_worker(again)
    assert sorted(memory.find("/out")) == ["/out/a.jpg", "/out/b.jpg", f"/out/{MANIFEST}"]


def test_an_output_that_no_row_tells_of_is_kept(tmp_path, jpeg, make_model):
    for name in ("in/a.jpg", "out/a.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(jpeg)
    planned = plan(str(tmp_path / "in"), str(tmp_path / "out"), restorer={"model": str(make_model())})
    records = list(run(planned))  # nothing to do, so no Ray is started
    assert [record.status for record in records] == ["kept"]
    assert (tmp_path / "out/a.jpg").read_bytes() == jpeg
    assert [row.status for row in Manifest(Folder(str(tmp_path / "out")), [MANIFEST], "").rows.values()] == ["kept"]


def test_what_kills_its_workers_is_given_up(memory, jpeg, make_model):
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "ab"})
    planned = plan("memory://in", "memory://out", restorer={"model": str(make_model())})
    attempts = Attempts()
    for _ in range(3):
        attempts.begin("a.jpg")
    rows = {row.source: row for row in rows_of(RestoreWorker(planned.job, 1, attempts)(table_of(planned.todo)))}
    assert rows["a.jpg"].error == "memory://in/a.jpg: its worker died, 3 times"
    assert rows["b.jpg"].status == "restored"
    assert not attempts.begun


def test_names_that_lead_out_of_the_output_are_refused(memory, jpeg, make_model):
    memory.store["/in/x/../../evil.jpg"] = memory.store["/in/good.jpg"] = None
    memory.pipe("/in/good.jpg", jpeg)
    memory.store["/in/x/../../evil.jpg"] = memory.store["/in/good.jpg"]
    try:
        planned = plan("memory://in", "memory://out", restorer={"model": str(make_model())})
    finally:
        del memory.store["/in/x/../../evil.jpg"]
    assert [row.source for row in planned.todo] == ["good.jpg"]
    assert ["cannot be an output's" in row.error for row in planned.refused] == [True]


def test_what_cannot_be_planned_is_one_clear_error(tmp_path, memory, jpeg):
    memory.makedirs("/empty")
    with pytest.raises(DataError, match="empty: no pictures in it"):
        plan("memory://empty", "memory://out", restorer={})
    with pytest.raises(DataError, match="nothing: there is no such folder"):
        plan("memory://nothing", "memory://out", restorer={})
    with pytest.raises(DataError, match=r"nosuch://x: Protocol not known"):
        plan("nosuch://x", "memory://out", restorer={})
    memory.pipe({"/in/a.jpg": jpeg, "/in/a.png": jpeg, f"/out/{MANIFEST}": b"no manifest"})
    with pytest.raises(DataError, match=r"manifest\.parquet: is no manifest of ours, move it away"):
        plan("memory://in", "memory://out", restorer={})
    pq.write_table(pa.table({"source": ["a.jpg"], "mine": [1]}), tmp_path / "mine.parquet")
    memory.pipe(f"/out/{MANIFEST}", (tmp_path / "mine.parquet").read_bytes())
    with pytest.raises(DataError, match=r"is no manifest of ours, move it away \(it has no error, finished, "):
        plan("memory://in", "memory://out", restorer={})
    with pytest.raises(OutputError, match=r"a\.webp: would be the output of both"):
        plan("memory://in", "memory://other", restorer={}, suffix=".webp")
    with pytest.raises(OutputError, match="is the input itself"):
        plan("memory://in", "memory://in/", restorer={})
    with pytest.raises(OutputError, match="has no folder in it"):
        plan("memory://in", "memory://other", restorer={}, suffix="/x.png")


def test_outputs_below_the_input_are_not_restored_again(tmp_path, jpeg):
    for name in ("a.jpg", "out/a.jpg", "outer/a.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(jpeg)
    planned = plan(str(tmp_path / "in"), str(tmp_path / "in" / "out"), restorer={}, overwrite=True)
    assert [row.source for row in planned.todo] == ["a.jpg", "outer/a.jpg"]


def test_links_lead_to_the_same_place(tmp_path, jpeg):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    (tmp_path / "in/b.jpg").symlink_to("a.jpg")
    (tmp_path / "in/gone.jpg").symlink_to("nothing")
    (tmp_path / "link").symlink_to("in")
    planned = plan(str(tmp_path / "link"), str(tmp_path / "out"), restorer={})
    assert [(row.source, row.size) for row in planned.todo] == [("a.jpg", len(jpeg)), ("b.jpg", len(jpeg))]
    for source, target in (("link", "in"), ("in", "link"), ("link", "link")):
        with pytest.raises(OutputError, match="is the input itself"):
            plan(str(tmp_path / source), str(tmp_path / target), restorer={}, overwrite=True)


def test_a_changed_target_of_a_link_is_a_change(tmp_path, jpeg):
    (tmp_path / "in").mkdir()
    (tmp_path / "a.jpg").write_bytes(jpeg)
    (tmp_path / "in/b.jpg").symlink_to(tmp_path / "a.jpg")
    (before,) = Folder(str(tmp_path / "in")).find()
    os.utime(tmp_path / "a.jpg", (1, 1))
    (after,) = Folder(str(tmp_path / "in")).find()
    assert (before.stamp != after.stamp, after.stamp) == (True, "1.0")


def test_a_closed_folder_is_a_failure_and_the_rest_goes_on(tmp_path, jpeg, monkeypatch):
    (tmp_path / "in/closed").mkdir(parents=True)
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    scandir = os.scandir

    def look(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", look)
    planned = plan(str(tmp_path / "in"), str(tmp_path / "out"), restorer={})
    assert [row.source for row in planned.todo] == ["a.jpg"]
    assert [row.error for row in planned.refused] == [f"{tmp_path}/in/closed: Permission denied"]
    with pytest.raises(DataError, match=r"closed: cannot be listed \(Permission denied\)"):
        Folder(str(tmp_path / "in/closed")).find()


def test_a_store_that_cannot_be_listed_is_named(memory, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no credentials")

    monkeypatch.setattr(type(memory), "find", fail)
    with pytest.raises(DataError, match=r"memory://in: cannot be listed \(no credentials\)"):
        Folder("memory://in").find()
    monkeypatch.undo()


def test_an_output_that_is_a_file_is_refused_before_any_work(tmp_path, jpeg, make_model):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    (tmp_path / "out").write_text("mine")
    planned = plan(str(tmp_path / "in"), str(tmp_path / "out"), restorer={"model": str(make_model())})
    with pytest.raises(OutputError, match="out: cannot be made a folder"):
        list(run(planned))
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("kind", ["", "ray://"])
def test_where_nobody_answers_there_is_no_waiting(memory, jpeg, make_model, kind):
    memory.pipe("/in/a.jpg", jpeg)
    planned = plan("memory://in", "memory://out", restorer={"model": str(make_model())})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{kind}127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClusterError, match=f"ray at {address}: cannot be reached"):
        list(run(planned, Pool(address)))


def test_a_file_is_put_whole_or_not_at_all(tmp_path, monkeypatch):
    folder, file = Folder(str(tmp_path / "out")), tmp_path / "new.jpg"
    file.write_bytes(b"new")
    folder.put(file, "deep/a.jpg")
    assert [(found.name, found.size) for found in folder.find()] == [("deep/a.jpg", 3)]

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(folder.files), "mv", fail)
    file.write_bytes(b"newer")
    with pytest.raises(OutputError, match=r"a\.jpg: cannot be written \(No space left on device\)"):
        folder.put(file, "deep/a.jpg")
    assert [(found.name, found.size) for found in folder.find()] == [("deep/a.jpg", 3)]


def test_what_a_killed_worker_left_is_swept(tmp_path):
    for name in (".mine-12.partial", ".other-12.partial", "mine.partial"):
        (tmp_path / name).touch()
    Folder(str(tmp_path)).sweep("mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other-12.partial", "mine.partial"]


def test_rows_survive_parquet(tmp_path):
    row = Row("ä.jpg", "ä.png", 3, "1.5", "restored", 4, 5, 0.25, ("a note",), "", 12.5)
    folder = Folder(str(tmp_path))
    manifest = Manifest(folder, [], "t")
    manifest.add(row)
    manifest.close()
    newer = dataclasses.replace(row, status="failed", error="broken")
    manifest = Manifest(folder, [MANIFEST], "t")
    assert manifest.rows == {"ä.jpg": row}
    manifest.add(newer)
    manifest.save_part()
    assert Manifest(folder, [found.name for found in folder.find()], "t").rows == {"ä.jpg": newer}


def test_the_command_takes_one_folder_and_an_output(tmp_path):
    result = CliRunner().invoke(app, ["restore", str(tmp_path), "--engine-pool", "ray"])
    assert result.exit_code == 2
    assert "takes one folder" in result.output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--address", "10.0.0.1:6379"], "need --engine-pool"),
        (["--workers", "2"], "need --engine-pool"),
        (["--worker-cpus", "2"], "need --engine-pool"),
        (["--address", "", "--engine-pool", "ray"], "host:port"),
        (["--engine-pool", "ray", "--crf", "20"], "a pool restores pictures"),
        (["--codec", "hevc"], "for videos, of which none is named"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path, jpeg, options, reason):
    result = CliRunner().invoke(app, ["restore", str(tmp_path), "-o", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert reason in " ".join(result.output.replace("│", " ").split())


def test_records_stand_alone_on_standard_output(tmp_path, jpeg, monkeypatch):
    def run(planned, pool):
        print("(raylet) a worker died")
        yield Record(str(tmp_path / "photo.jpg"), "out", "restored")

    monkeypatch.setattr("artifix.restoration.distributed.run", run)
    command = ["restore", str(tmp_path), "-o", str(tmp_path / "out"), "--engine-pool", "ray", "--json"]
    result = CliRunner().invoke(app, command)
    assert json.loads(result.stdout)["status"] == "restored"
    assert "raylet" in result.stderr


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

    again = plan(str(source), str(target), restorer={}, suffix=".png")
    assert [row.source for row in again.todo] == ["broken.jpg"]
