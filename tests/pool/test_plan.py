"""A folder to be restored by a pool: what a plan holds, and what a worker does of it."""

import dataclasses
import os
import socket

import pytest

from artifix.errors import ClusterError, DataError, OutputError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("fsspec")

from artifix.pool import planning  # noqa: E402
from artifix.pool.attempts import Attempts  # noqa: E402
from artifix.pool.machines import Pool  # noqa: E402
from artifix.pool.manifest import MANIFEST, PARTS, rows_of, table_of  # noqa: E402
from artifix.pool.remote import Folder  # noqa: E402
from artifix.pool.run import run  # noqa: E402
from artifix.pool.worker import RestoreWorker  # noqa: E402
from artifix.restoration import Restorer  # noqa: E402
from artifix.restoration.options import FileOptions  # noqa: E402


def plan(source, target, restorer, options=None, **choices):
    return planning.plan(source, target, restorer, options or FileOptions(), **choices)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def done_by_one_worker(planned):
    """What `run` does, without Ray: the planned rows through a worker of this process, into the manifest."""
    worker = RestoreWorker(planned.job, 1, Attempts())
    rows = rows_of(worker(table_of(planned.todo)))
    for row in (*planned.kept, *rows):
        planned.manifest.add(row)
    planned.manifest.close()
    return {row.input: row for row in rows}


def test_from_store_to_store_with_a_row_for_each_picture(memory, jpeg, make_model):
    memory.pipe({"/in/a.jpg": jpeg, "/in/deep/b.jpg": jpeg, "/in/broken.jpg": b"no picture", "/in/notes.txt": b""})
    planned = plan("memory://in", "memory://out", Restorer(make_model()), suffix=".png")
    rows = done_by_one_worker(planned)
    assert {name: row.status for name, row in rows.items()} == {
        "a.jpg": "restored",
        "deep/b.jpg": "restored",
        "broken.jpg": "failed",
    }
    assert rows["broken.jpg"].error.startswith("memory://in/broken.jpg: ")
    assert (rows["a.jpg"].input_bytes, rows["a.jpg"].width, rows["a.jpg"].height) == (len(jpeg), 128, 96)
    assert sorted(memory.find("/out")) == ["/out/a.png", "/out/deep/b.png", f"/out/{MANIFEST}"]


def test_again_does_only_what_is_missing_failed_or_changed(memory, jpeg, make_model):
    restorer = Restorer(make_model())
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "abcd"} | {"/in/e.jpg": b"no picture"})
    done_by_one_worker(plan("memory://in", "memory://out", restorer))
    memory.rm_file("/out/b.jpg")
    memory.pipe("/in/c.jpg", jpeg)  # the same bytes, at another time
    again = plan("memory://in", "memory://out", restorer)
    assert [row.input for row in again.todo] == ["b.jpg", "c.jpg", "e.jpg"]
    assert [row.input for row in again.kept] == ["a.jpg", "d.jpg"]
    assert len(plan("memory://in", "memory://out", restorer, FileOptions(overwrite=True)).todo) == 5


def test_a_run_that_was_stopped_goes_on_from_its_parts(memory, jpeg, make_model):
    restorer = Restorer(make_model())
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "ab"})
    stopped = plan("memory://in", "memory://out", restorer)
    for row in rows_of(RestoreWorker(stopped.job, 1, Attempts())(table_of(stopped.todo[:1]))):
        stopped.manifest.add(row)
    stopped.manifest.save_part()
    assert memory.ls(f"/out/{PARTS}")
    memory.pipe("/in/a.jpg", jpeg)
    again = plan("memory://in", "memory://out", restorer)
    assert [row.input for row in again.todo] == ["a.jpg", "b.jpg"]  # the part told of a's time
    done_by_one_worker(again)
    assert sorted(memory.find("/out")) == ["/out/a.jpg", "/out/b.jpg", f"/out/{MANIFEST}"]


def looked_at(planned):
    """What a worker makes of the outputs that are there."""
    kept = [dataclasses.replace(row, status="kept") for row in planned.kept]
    return rows_of(RestoreWorker(planned.job, 1, Attempts())(table_of(kept)))


def test_an_output_that_no_row_tells_of_is_kept_if_it_is_what_would_be_made(memory, jpeg, make_model):
    restorer = Restorer(make_model())
    memory.pipe("/in/a.jpg", jpeg)
    done_by_one_worker(plan("memory://in", "memory://out", restorer))
    memory.rm(f"/out/{MANIFEST}")
    made = memory.cat("/out/a.jpg")
    (row,) = looked_at(plan("memory://in", "memory://out", restorer))
    assert (row.status, row.error) == ("kept", "")
    (row,) = looked_at(plan("memory://in", "memory://out", dataclasses.replace(restorer, strength=0.5)))
    assert row.status == "failed"
    assert "made with strength 1 instead of 0.5" in row.error
    other = jpeg + b"other"  # an equal file would be that of a picture that was left as it is
    memory.pipe("/out/a.jpg", other)
    (row,) = looked_at(plan("memory://in", "memory://out", restorer))
    assert "memory://out/a.jpg: exists already, and does not say" in row.error
    assert made != memory.cat("/out/a.jpg") == other


def test_what_a_row_tells_of_needs_no_worker(memory, jpeg, make_model):
    restorer = Restorer(make_model())
    memory.pipe("/in/a.jpg", jpeg)
    done_by_one_worker(plan("memory://in", "memory://out", restorer))
    records = list(run(plan("memory://in", "memory://out", restorer)))  # Ray is not even started
    assert [record.status for record in records] == ["kept"]


def test_unusual_names_are_known_by_their_content_and_the_rest_is_left_alone(memory, jpeg, without_extras):
    memory.pipe(
        {"/in/a.jpg_large": jpeg, "/in/b.jpg": jpeg, "/in/c.txt": b"text", "/in/d.heic": HEIC, "/in/e.mp4": b""}
    )
    planned = plan("memory://in", "memory://out", Restorer(), videos=[".mp4"])
    assert [(row.input, row.output) for row in planned.todo] == [("a.jpg_large", "a.jpg"), ("b.jpg", "b.jpg")]
    assert [(str(each.path), each.reason) for each in planned.left_alone] == [
        ("c.txt", ""),
        ("d.heic", "needs artifix[heif]"),
        ("e.mp4", "a video, which is restored if it is named"),
    ]


def test_inputs_of_one_stem_get_outputs_of_their_own(memory, jpeg):
    memory.pipe({"/in/a.jpg": jpeg, "/in/a.png": jpeg, "/in/a.jpg.webp": jpeg})
    planned = plan("memory://in", "memory://out", Restorer(), suffix=".webp")
    assert [(row.input, row.output) for row in planned.todo] == [
        ("a.jpg.webp", "a.jpg.webp"),
        ("a.png", "a.png.webp"),
    ]
    (row,) = planned.refused
    assert (row.input, row.status) == ("a.jpg", "failed")


def test_what_kills_its_workers_is_given_up(memory, jpeg, make_model):
    memory.pipe({f"/in/{name}.jpg": jpeg for name in "ab"})
    planned = plan("memory://in", "memory://out", Restorer(make_model()))
    attempts = Attempts()
    for _ in range(3):
        attempts.begin("a.jpg")
    rows = {row.input: row for row in rows_of(RestoreWorker(planned.job, 1, attempts)(table_of(planned.todo)))}
    assert rows["a.jpg"].error == "memory://in/a.jpg: its worker died 3 times"
    assert rows["b.jpg"].status == "restored"
    assert not attempts.begun


def test_names_that_lead_out_of_the_output_are_refused(memory, jpeg, make_model):
    memory.store["/in/x/../../evil.jpg"] = memory.store["/in/good.jpg"] = None
    memory.pipe("/in/good.jpg", jpeg)
    memory.store["/in/x/../../evil.jpg"] = memory.store["/in/good.jpg"]
    try:
        planned = plan("memory://in", "memory://out", Restorer(make_model()))
    finally:
        del memory.store["/in/x/../../evil.jpg"]
    assert [row.input for row in planned.todo] == ["good.jpg"]
    assert ["cannot be an output's" in row.error for row in planned.refused] == [True]


def test_what_cannot_be_planned_is_one_clear_error(tmp_path, memory, jpeg):
    memory.makedirs("/empty")
    with pytest.raises(DataError, match="empty: no pictures in it"):
        plan("memory://empty", "memory://out", Restorer())
    with pytest.raises(DataError, match="nothing: there is no such folder"):
        plan("memory://nothing", "memory://out", Restorer())
    with pytest.raises(DataError, match=r"nosuch://x: Protocol not known"):
        plan("nosuch://x", "memory://out", Restorer())
    memory.pipe({"/in/a.jpg": jpeg, "/in/a.png": jpeg, f"/out/{MANIFEST}": b"no manifest"})
    with pytest.raises(DataError, match=r"manifest\.parquet: is not a manifest of artifix, move it away"):
        plan("memory://in", "memory://out", Restorer())
    pq.write_table(pa.table({"source": ["a.jpg"], "mine": [1]}), tmp_path / "mine.parquet")
    memory.pipe(f"/out/{MANIFEST}", (tmp_path / "mine.parquet").read_bytes())
    with pytest.raises(DataError, match=r"is not a manifest of artifix, move it away \(it has no error, finished, "):
        plan("memory://in", "memory://out", Restorer())
    with pytest.raises(OutputError, match="is the input itself"):
        plan("memory://in", "memory://in/", Restorer())
    with pytest.raises(OutputError, match="cannot contain a folder"):
        plan("memory://in", "memory://other", Restorer(), suffix="/x.png")


def test_outputs_below_the_input_are_not_restored_again(tmp_path, jpeg):
    for name in ("a.jpg", "out/a.jpg", "outer/a.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(jpeg)
    planned = plan(str(tmp_path / "in"), str(tmp_path / "in" / "out"), Restorer(), FileOptions(overwrite=True))
    assert [row.input for row in planned.todo] == ["a.jpg", "outer/a.jpg"]


def test_links_lead_to_the_same_place(tmp_path, jpeg):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    (tmp_path / "in/b.jpg").symlink_to("a.jpg")
    (tmp_path / "in/gone.jpg").symlink_to("nothing")
    (tmp_path / "link").symlink_to("in")
    planned = plan(str(tmp_path / "link"), str(tmp_path / "out"), Restorer())
    assert [(row.input, row.input_bytes) for row in planned.todo] == [("a.jpg", len(jpeg)), ("b.jpg", len(jpeg))]
    for source, target in (("link", "in"), ("in", "link"), ("link", "link")):
        with pytest.raises(OutputError, match="is the input itself"):
            plan(str(tmp_path / source), str(tmp_path / target), Restorer(), FileOptions(overwrite=True))


def test_a_closed_folder_is_a_failure_and_the_rest_goes_on(tmp_path, jpeg, monkeypatch):
    (tmp_path / "in/closed").mkdir(parents=True)
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    scandir = os.scandir

    def look(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", look)
    planned = plan(str(tmp_path / "in"), str(tmp_path / "out"), Restorer())
    assert [row.input for row in planned.todo] == ["a.jpg"]
    assert [row.error for row in planned.refused] == [f"{tmp_path}/in/closed: Permission denied"]
    with pytest.raises(DataError, match=r"closed: cannot be listed \(Permission denied\)"):
        Folder(str(tmp_path / "in/closed")).find()


def test_an_output_that_is_a_file_is_refused_before_any_work(tmp_path, jpeg, make_model):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(jpeg)
    (tmp_path / "out").write_text("mine")
    planned = plan(str(tmp_path / "in"), str(tmp_path / "out"), Restorer(make_model()))
    with pytest.raises(OutputError, match="out: cannot be made a folder"):
        list(run(planned))
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("kind", ["", "ray://"])
def test_where_nobody_answers_there_is_no_waiting(memory, jpeg, make_model, kind):
    memory.pipe("/in/a.jpg", jpeg)
    planned = plan("memory://in", "memory://out", Restorer(make_model()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{kind}127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClusterError, match=f"ray at {address}: cannot be reached"):
        list(run(planned, Pool("ray", address)))
