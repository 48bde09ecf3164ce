"""One function restores what a path names, as the command does."""

import numpy as np
import pytest
from PIL import Image

import artifix
from artifix.errors import DataError


@pytest.fixture
def restorer(make_model):
    return artifix.Restorer(make_model(), precision="fp32")


def test_a_picture(photograph, restorer, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "a.jpg", quality=20)
    (record,) = artifix.restore_path(tmp_path / "a.jpg", restorer=restorer)
    assert (record.status, record.output) == ("restored", str(tmp_path / "a-restored.jpg"))
    (again,) = artifix.restore_path(tmp_path / "a.jpg", restorer=restorer)
    assert again.status == "kept"
    options = artifix.FileOptions(overwrite=True, quality=50)
    (third,) = artifix.restore_path(tmp_path / "a.jpg", tmp_path / "b.jpg", restorer, options)
    assert (tmp_path / "b.jpg").stat().st_size < (tmp_path / "a-restored.jpg").stat().st_size
    assert third.status == "restored"


def test_a_folder_with_what_fails_and_what_is_left_alone(photograph, restorer, tmp_path):
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    Image.fromarray(photograph).save(folder / "a.jpg", quality=20)
    Image.fromarray(photograph).save(folder / "below" / "b.jpg", quality=20)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    (folder / "notes.txt").write_text("no picture")
    records = list(artifix.restore_path(folder, tmp_path / "out", restorer, recursive=True))
    found = {record.input.rsplit("/", 1)[-1]: record.status for record in records}
    assert (found["a.jpg"], found["b.jpg"], found["broken.png"]) == ("restored", "restored", "failed")
    assert "film.mp4" in found
    assert "restored" not in (found["film.mp4"], found["notes.txt"])
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == ["a.jpg", "b.jpg"]


def test_nothing_to_restore_is_said_at_once(tmp_path):
    with pytest.raises(DataError):
        artifix.restore_path(tmp_path)


def test_a_video(photograph, restorer, tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.height, stream.width, stream.pix_fmt = *photograph.shape[:2], "yuv420p"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.roll(photograph, number, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    options = artifix.FileOptions(codec="ffv1")
    (record,) = artifix.restore_path(tmp_path / "a.mp4", tmp_path / "b.mkv", restorer, options)
    assert (record.status, record.frames, record.error) == ("restored", 3, "")
