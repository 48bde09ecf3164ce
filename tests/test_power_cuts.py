"""Nothing is removed before what replaces it is on the disk, and nothing gets its name before it is whole there."""

import os
import stat
from pathlib import Path

import pytest
from PIL import Image

from artifix.engines.cache import read_cached, write_cached
from artifix.restoration import Restorer


class CutError(BaseException):
    """The power is off: nobody may handle it, and nothing is done any more."""


class Disk:
    """Every step that changes names is checked, and may be the last; only what was synced outlasts it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.steps, self.last = folder, 0, -1
        self.synced: dict[int, int] = {}  # inode -> bytes when it was synced
        self.waiting: set[Path] = set()  # names given in folders that were not synced since
        for name in ("replace", "rename", "link"):
            monkeypatch.setattr(os, name, self._naming(getattr(os, name)))
        for name in ("unlink", "remove", "rmdir"):
            monkeypatch.setattr(os, name, self._removing(getattr(os, name)))
        monkeypatch.setattr(os, "fsync", self._syncing(os.fsync))

    def _step(self) -> None:
        if self.steps == self.last:
            raise CutError
        self.steps += 1

    def _naming(self, do):
        def name(source, target, **options):
            if self._is_ours(source):
                self._step()
                for file in (Path(source), *Path(source).rglob("*")):
                    status = file.stat()
                    if file.is_file():
                        assert self.synced.get(status.st_ino) == status.st_size, f"{file} is not on the disk yet"
                self.waiting.add(Path(target).absolute().parent)
            return do(source, target, **options)

        return name

    def _removing(self, do):
        def remove(path, **options):
            if ("dir_fd" in options and options["dir_fd"] is not None) or self._is_ours(path):
                self._step()
                if not str(path).endswith(".partial"):
                    assert not self.waiting, f"{path} goes while new names in {self.waiting} are not on the disk"
            return do(path, **options)

        return remove

    def _syncing(self, do):
        def sync(descriptor):
            self._step()
            do(descriptor)
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self.waiting.discard(Path(f"/proc/self/fd/{descriptor}").readlink())
            else:
                self.synced[status.st_ino] = status.st_size

        return sync

    def _is_ours(self, path) -> bool:
        return self.folder in Path(path).absolute().parents


def make_picture(folder, make_model):
    Restorer(make_model(), precision="fp32").restore_file(folder / "in.png", folder / "out.jpg")


def make_video(folder, make_model):
    pytest.importorskip("av")
    from artifix.video.restore import restore_video

    restore_video(folder / "in.mkv", folder / "out.mkv", Restorer(make_model(), precision="fp32"), segment=2)


def make_manifest(folder, make_model):
    pytest.importorskip("pyarrow")
    pytest.importorskip("fsspec")
    from artifix.pool.manifest import Manifest, Row
    from artifix.pool.remote import Folder

    (folder / "out").mkdir(exist_ok=True)
    there = {path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*.parquet")}
    manifest = Manifest(Folder(str(folder / "out")), there, "token")
    for number in range(2):
        manifest.add(Row(f"{number}.jpg", f"{number}.jpg", 1, "", "restored"))
        manifest.save_part()
    manifest.close()


def make_checkpoint(folder, make_model):
    torch = pytest.importorskip("torch")
    from artifix.train.checkpoint import Learner, Progress, save_checkpoint
    from artifix.train.recipe import recipe_from_dict

    network = torch.nn.Linear(1, 1)
    learner = Learner(network, {}, torch.optim.SGD(network.parameters()))
    for step in (1, 2):
        save_checkpoint(folder / "run", recipe_from_dict({"name": "x"}), Progress(step), {"generator": learner})


def make_cache(folder, make_model):
    write_cached("key", b"content")


MAKERS = [make_picture, make_video, make_manifest, make_checkpoint, make_cache]


@pytest.fixture
def folder(tmp_path, photograph, monkeypatch):
    monkeypatch.setenv("ARTIFIX_CACHE", "")
    Image.fromarray(photograph[:16, :16]).save(tmp_path / "in.png")
    return tmp_path


def write_clip(path, photograph):
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", 25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for shift in range(4):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(photograph[shift : shift + 16, :16].copy(), "rgb24"))
            )
        container.mux(stream.encode(None))


@pytest.mark.parametrize("make", MAKERS)
def test_sync_name_sync_remove(folder, make, make_model, photograph, monkeypatch):
    if make is make_video:
        write_clip(folder / "in.mkv", photograph)
    if make is make_cache:
        monkeypatch.setenv("ARTIFIX_CACHE", str(folder / "cache"))
    disk = Disk(folder, monkeypatch)
    make(folder, make_model)
    assert disk.steps > 2
    assert not disk.waiting


def is_cut(folder, monkeypatch, last, make, make_model):
    """Make something on a disk whose power goes before that step; whether it came so far."""
    with monkeypatch.context() as patch:
        Disk(folder, patch).last = last
        try:
            make(folder, make_model)
        except CutError:
            return True
    return False


def test_a_cut_at_any_step_leaves_a_video_that_the_next_run_makes(folder, make_model, photograph, monkeypatch):
    write_clip(folder / "in.mkv", photograph)
    make_video(folder, make_model)
    whole, last = (folder / "out.mkv").read_bytes(), 0
    (folder / "out.mkv").unlink()
    while is_cut(folder, monkeypatch, last, make_video, make_model):
        if (folder / "out.mkv").exists():
            assert (folder / "out.mkv").read_bytes() == whole
        make_video(folder, make_model)
        assert (folder / "out.mkv").read_bytes() == whole
        assert not (folder / "out.mkv.segments").exists()
        (folder / "out.mkv").unlink()
        last += 3
    assert last > 20


def test_a_cut_at_any_step_leaves_the_old_manifest_or_the_new(folder, make_model, monkeypatch):
    pq = pytest.importorskip("pyarrow.parquet")
    make_manifest(folder, make_model)
    last = 0
    while is_cut(folder, monkeypatch, last, make_manifest, make_model):
        assert pq.read_table(folder / "out" / "manifest.parquet").num_rows == 2
        make_manifest(folder, make_model)
        assert [path.name for path in (folder / "out").rglob("*.parquet")] == ["manifest.parquet"]
        last += 1
    assert last > 10


def test_a_cut_at_any_step_leaves_a_cache_that_is_right(folder, make_model, monkeypatch):
    monkeypatch.setenv("ARTIFIX_CACHE", str(folder / "cache"))
    last = 0
    while is_cut(folder, monkeypatch, last, make_cache, make_model):
        assert read_cached("key") in (None, b"content")
        last += 1
    assert last > 2
    assert read_cached("key") == b"content"
