"""Folders at any address, and the manifest in one."""

import dataclasses
import os

import pytest

from artifix.errors import DataError, OutputError

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from artifix.pool.manifest import MANIFEST, Manifest, Row
from artifix.pool.remote import Folder


def test_a_changed_target_of_a_link_is_a_change(tmp_path, jpeg):
    (tmp_path / "in").mkdir()
    (tmp_path / "a.jpg").write_bytes(jpeg)
    (tmp_path / "in/b.jpg").symlink_to(tmp_path / "a.jpg")
    (before,) = Folder(str(tmp_path / "in")).find()
    os.utime(tmp_path / "a.jpg", (1, 1))
    (after,) = Folder(str(tmp_path / "in")).find()
    assert (before.stamp != after.stamp, after.stamp) == (True, "1.0")


def test_a_store_that_cannot_be_listed_is_named(memory, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no credentials")

    monkeypatch.setattr(type(memory), "find", fail)
    with pytest.raises(DataError, match=r"memory://in: cannot be listed \(no credentials\)"):
        Folder("memory://in").find()


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
