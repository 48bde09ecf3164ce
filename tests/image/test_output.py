"""Outputs across a power cut: each step may be the last, and the path then has the old file, the new one or none."""

import errno
import os
from pathlib import Path

import pytest

from artifix.errors import OutputError
from artifix.image import atomic_output
from artifix.image import output as output_module

OLD, NEW = b"the old picture", b"the new picture"


class Disk:
    """A folder as a power cut would leave it, looked at before and after every step.

    What was written is on the disk once its file was synced; a name once its folder was. Until then either may be
    there: a disk that keeps names at once but contents late leaves an empty file, one that keeps neither the old name.
    """

    def __init__(self, folder: Path, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.path = folder, path
        self.contents: dict[int, bytes] = {}  # inode -> what is on the disk of it
        self.names = self._names()
        self.steps: list[str] = []
        self.fails_at: int | None = None
        for name, inode in self.names.items():
            self.contents[inode] = (folder / name).read_bytes()
        for owner, step in (
            (Path, "replace"),
            (Path, "rename"),
            (Path, "hardlink_to"),
            (Path, "unlink"),
            (os, "fsync"),
        ):
            patch.setattr(owner, step, self._watched(step, getattr(owner, step)))

    def _names(self) -> dict[str, int]:
        return {entry.name: entry.inode() for entry in os.scandir(self.folder)}

    def _watched(self, step, original):
        def watch(*args, **options):
            self.look()
            if self.fails_at == len(self.steps):
                self.fails_at = None
                raise OSError(errno.EIO, "the disk is gone")
            self.steps.append(step)
            result = original(*args, **options)
            if step == "fsync":
                state = os.fstat(args[0])
                if Path(f"/proc/self/fd/{args[0]}").is_dir():
                    self.names = self._names()
                else:
                    self.contents[state.st_ino] = Path(f"/proc/self/fd/{args[0]}").read_bytes()
            self.look()
            return result

        return watch

    def look(self) -> None:
        """Fail if a power cut now could leave something else than one of the two files, whole."""
        self.states = set()
        for names in (self.names, self._names()):  # names kept late, and at once
            inode = names.get(self.path.name)
            self.states.add(None if inode is None else self.contents.get(inode, b""))
        assert self.states <= {None, OLD, NEW}, self.states


@pytest.fixture(params=["new", "replaced", "without links"])
def disk(request, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    if request.param == "replaced":
        path.write_bytes(OLD)
    if request.param == "without links":

        def no_links(*args):
            raise PermissionError

        monkeypatch.setattr(Path, "hardlink_to", no_links)
    watched = Disk(tmp_path, path, monkeypatch)
    watched.overwrite = request.param == "replaced"
    return watched


def write(disk: Disk) -> None:
    with atomic_output(disk.path, overwrite=disk.overwrite) as file:
        file.write(NEW[:5])
        disk.look()
        file.write(NEW[5:])
        disk.look()


def test_each_step_may_be_the_last(disk):
    write(disk)
    assert disk.steps.count("fsync") == 2
    assert disk.states == {NEW}  # and once it returned, it stays
    assert disk.path.read_bytes() == NEW
    assert [file.name for file in disk.folder.iterdir()] == ["a.png"]


@pytest.mark.parametrize("step", range(3))
def test_a_disk_that_fails_at_a_step_leaves_the_old_file_or_the_new_one(disk, step):
    before = disk.path.read_bytes() if disk.path.exists() else None
    disk.fails_at = step
    try:
        write(disk)
    except OutputError as error:
        assert "the disk is gone" in str(error)
    else:
        assert disk.path.read_bytes() == NEW and disk.steps[1] == "rename"  # another way to the same end
    disk.look()
    content = disk.path.read_bytes() if disk.path.exists() else None
    assert content in (before, NEW)
    assert [file.name for file in disk.folder.iterdir() if file != disk.path] == []


def test_without_syncing_the_test_would_see_an_empty_file(disk, monkeypatch):
    monkeypatch.setattr(output_module, "_sync", lambda descriptor: None)
    with pytest.raises(AssertionError):
        write(disk)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_is_written_to_all_the_same(tmp_path, monkeypatch, number):
    def cannot(descriptor):
        raise OSError(number, "cannot be synced")

    monkeypatch.setattr(os, "fsync", cannot)
    with atomic_output(tmp_path / "a.png") as file:
        file.write(NEW)
    assert (tmp_path / "a.png").read_bytes() == NEW
