import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from artifix.errors import ImageError
from artifix.restoration import Restorer
from artifix.restoration.folder import restore_all
from artifix.restoration.pairing import Pair
from artifix.restoration.record import Record


def pairs(count):
    return [Pair(Path(f"{n}.png"), Path(f"out/{n}.png")) for n in range(count)]


def done(source, target):
    return Record(str(source), str(target), "restored")


def test_an_error_is_a_record_and_the_rest_goes_on():
    def restore(source, target, *, progress):
        if source.stem == "1":
            raise ImageError("1.png: broken")
        if source.stem == "2":
            raise MemoryError
        if source.stem == "3":
            raise OSError(36, "File name too long", "3.png")
        return done(source, target)

    records = {record.input: record for record in restore_all(pairs(4), restore)}
    assert [records[f"{n}.png"].status for n in range(4)] == ["restored", "failed", "failed", "failed"]
    assert records["1.png"].error == "1.png: broken"
    assert records["2.png"].error == "2.png: out of memory"
    assert records["3.png"].error == "3.png: File name too long"


def test_a_mistake_of_ours_is_told_and_the_rest_goes_on():
    def restore(source, target, *, progress):
        if source.stem == "0":
            raise ZeroDivisionError("of ours")
        return done(source, target)

    records = {record.input: record for record in restore_all(pairs(2), restore)}
    assert records["0.png"].error == "0.png: ZeroDivisionError: of ours"
    assert records["1.png"].status == "restored"


def test_leaving_early_drops_the_rest_and_stops_what_began():
    began, finished = [], []

    def restore(source, target, *, progress):
        began.append(source)
        for tile in range(1 if source.stem == "0" else 1000):
            time.sleep(0.01)
            progress(tile / 1000)
        finished.append(source)
        return done(source, target)

    records = restore_all(pairs(50), restore, jobs=2)
    assert next(records).input == "0.png"
    left = time.monotonic()
    records.close()
    assert time.monotonic() - left < 2
    assert 2 <= len(began) <= 4
    assert [source.stem for source in finished] == ["0"]


def test_progress_is_heard_with_its_picture():
    heard = []

    def restore(source, target, *, progress):
        progress(0.5)
        return done(source, target)

    list(restore_all(pairs(2), restore, jobs=1, progress=lambda *told: heard.append(told)))
    assert heard == [(pair, 0.5) for pair in pairs(2)]


def test_two_runs_over_one_folder_at_once_leave_each_output_whole(tmp_path, make_model, photograph):
    """Neither touches what the other is writing, and whoever comes second keeps what is there."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    for number in range(6):
        Image.fromarray(np.roll(photograph, number, axis=0)).save(inputs / f"{number}.jpg", quality=40)
    together = threading.Barrier(2)

    class Meeting(Restorer):
        def restore_picture(self, *args, **kwargs):
            restored = super().restore_picture(*args, **kwargs)
            together.wait(60)  # both have begun each picture before either writes it
            return restored

    restorers = [Meeting(make_model()) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(each.restore_folder, inputs, tmp_path / "out", jobs=1) for each in restorers]
        records = [run.result() for run in runs]
    for one, other in zip(*records, strict=True):
        assert sorted((one.status, other.status)) == ["kept", "restored"], (one.error, other.error)
    expected = Restorer(make_model())
    assert len(list((tmp_path / "out").iterdir())) == 6
    for path in sorted(inputs.iterdir()):
        expected.restore_file(path, tmp_path / "alone.jpg", overwrite=True)
        assert (tmp_path / "out" / path.name).read_bytes() == (tmp_path / "alone.jpg").read_bytes()
