"""A folder restored by processes of this machine."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

import artifix
from artifix import Pool, Restorer
from artifix.pool.manifest import MANIFEST

DEADLY = 24  # the width of a picture that ends the process


@dataclass(frozen=True, repr=False)
class Deadly(Restorer):
    """Ends its process at pictures of one width, as a fault in a codec would."""

    def restore_picture(self, picture, *arguments):
        if picture.pixels.shape[1] == DEADLY:
            os._exit(1)
        return super().restore_picture(picture, *arguments)


@pytest.fixture
def folder(photograph, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(4):
        Image.fromarray(np.roll(photograph, number, axis=1)).save(source / f"{number}.jpg", quality=20)
    return source


def test_workers_restore_what_one_process_does(folder, make_model, tmp_path):
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture")
    restorer = Restorer(make_model(), precision="fp32")
    records = list(artifix.restore_path(folder, tmp_path / "out", restorer, pool=Pool(workers=2)))
    found = {record.input.rsplit("/", 1)[-1]: record.status for record in records}
    expected = {f"{number}.jpg": "restored" for number in range(4)} | {"broken.jpg": "failed", "notes.txt": "skipped"}
    assert found == expected
    list(artifix.restore_path(folder, tmp_path / "alone", restorer))
    for number in range(4):
        name = f"{number}.jpg"
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert (tmp_path / "out" / MANIFEST).exists()
    again = artifix.restore_path(folder, tmp_path / "out", restorer, pool=Pool(workers=1))
    assert sorted(record.status for record in again) == ["failed", "kept", "kept", "kept", "kept", "skipped"]


def test_a_picture_that_ends_its_workers_fails_alone(folder, make_model, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # workers import this very file
    Image.new("RGB", (DEADLY, 16)).save(folder / "0-deadly.jpg")
    records = artifix.restore_path(folder, tmp_path / "out", Deadly(make_model(), force=True), pool=Pool(workers=1))
    by_name = {record.input.rsplit("/", 1)[-1]: record for record in records}
    assert by_name.pop("0-deadly.jpg").error.endswith("0-deadly.jpg: its worker died 3 times")
    assert {record.status for record in by_name.values()} == {"restored"}


def test_a_run_that_is_left_early_ends_its_workers(folder, make_model, tmp_path):
    records = artifix.restore_path(folder, tmp_path / "out", Restorer(make_model()), pool=Pool(workers=1))
    first = next(records)
    records.close()
    assert first.status == "restored"
    again = artifix.restore_path(folder, tmp_path / "out", Restorer(make_model()), pool=Pool(workers=1))
    assert sorted(record.status for record in again)[-1] == "restored"
