import time
from pathlib import Path

from artifix.errors import ImageError
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
