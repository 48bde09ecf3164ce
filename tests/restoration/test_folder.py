import os
import time
from pathlib import Path

import pytest

from artifix.errors import DataError, ImageError, OutputError
from artifix.restoration.folder import Pair, pair_up, restore_all
from artifix.restoration.record import Record


@pytest.fixture
def tree(tmp_path):
    """in/{a.jpg, b.png, notes.txt, deep/a.jpg, deep/c.gif}, as empty files: only names matter here."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "notes.txt", "deep/a.jpg", "deep/c.gif"):
        (tmp_path / "in" / name).touch()
    return tmp_path


def targets(tree, *arguments, **options):
    return sorted(str(pair.target.relative_to(tree)) for pair in pair_up(*arguments, **options))


def test_a_folder_is_mirrored_not_flattened(tree):
    assert targets(tree, [tree / "in"], tree / "out", recursive=True) == [
        "out/a.jpg",
        "out/b.png",
        "out/deep/a.jpg",
        "out/deep/c.png",
    ]


def test_only_recursive_goes_below(tree):
    assert targets(tree, [tree / "in"], tree / "out") == ["out/a.jpg", "out/b.png"]


def test_without_output_results_lie_beside_and_are_not_restored_again(tree):
    assert targets(tree, [tree / "in"], None) == ["in/a-restored.jpg", "in/b-restored.png"]
    (tree / "in" / "a-restored.jpg").touch()
    assert targets(tree, [tree / "in"], None) == ["in/a-restored.jpg", "in/b-restored.png"]


def test_an_output_inside_the_input_is_not_restored_again(tree):
    (tree / "in" / "out").mkdir()
    (tree / "in" / "out" / "a.jpg").touch()
    assert "in/out/out/a.jpg" not in targets(tree, [tree / "in"], tree / "in" / "out", recursive=True)


@pytest.mark.parametrize(
    ("suffix", "expected"), [("-clean", "a-clean.jpg"), (".png", "a.png"), ("-clean.webp", "a-clean.webp")]
)
def test_the_suffix_replaces_the_end_of_the_name(tree, suffix, expected):
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "out", suffix=suffix) == [f"out/{expected}"]


@pytest.mark.parametrize("suffix", ["/", "/../../evil.png", "a\\b"])
def test_a_suffix_with_a_folder_in_it_is_refused(tree, suffix):
    with pytest.raises(OutputError, match="has no folder in it"):
        pair_up([tree / "in"], tree / "out", suffix=suffix)


def test_a_format_alone_keeps_the_names_end_where_outputs_lie_beside_inputs(tree):
    assert targets(tree, [tree / "in"], None, suffix=".png") == ["in/a-restored.png", "in/b-restored.png"]


def test_an_output_that_contains_the_input_hides_nothing(tree):
    assert targets(tree, [tree / "in"], tree) == ["a.jpg", "b.png"]


def test_one_pictures_name_for_several_is_refused(tree):
    with pytest.raises(OutputError, match=r"x\.png: is the name of one picture"):
        pair_up([tree / "in" / "a.jpg", tree / "in" / "b.png"], tree / "x.png")


def test_the_same_input_in_two_spellings_is_one(tree):
    other = tree / "in" / "deep" / ".." / "a.jpg"
    assert len(pair_up([tree / "in" / "a.jpg", other], tree / "out")) == 1


def test_one_file_to_a_named_file_or_a_folder(tree):
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "x.png") == ["x.png"]
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "x") == ["x/a.jpg"]
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "in" / "deep") == ["in/deep/a.jpg"]


def test_two_inputs_that_would_meet_are_refused(tree):
    (tree / "in" / "a.png").touch()
    with pytest.raises(OutputError, match=r"a\.png: would be the output of both"):
        pair_up([tree / "in"], tree / "out", suffix=".png")
    with pytest.raises(OutputError, match="would be the output of both"):
        pair_up([tree / "in" / "a.jpg", tree / "in" / "deep" / "a.jpg"], tree / "out")
    with pytest.raises(OutputError, match="would be the output of both"):
        pair_up([tree / "in" / "a.jpg", tree / "in" / "deep" / ".." / "a.png"], None, suffix=".png")


@pytest.mark.parametrize(
    ("suffix", "beside", "expected"),
    [
        ("-v1.2", None, ["a-v1.2.jpg", "b-v1.2.png"]),
        ("-clean", "in", ["a-clean.jpg", "b-clean.png"]),
        (".png", "in", ["a.png", "b.png"]),
    ],
)
def test_what_an_earlier_run_put_beside_its_inputs_is_no_input(tree, suffix, beside, expected):
    output = tree / beside if beside else None
    for _ in range(2):
        pairs = pair_up([tree / "in"], output, suffix=suffix)
        assert sorted(pair.target.name for pair in pairs) == expected
        assert sorted(pair.source.name for pair in pairs) == ["a.jpg", "b.png"]
        for pair in pairs:
            pair.target.touch()


def test_a_folder_that_may_not_be_looked_into_fails_by_itself(tree, monkeypatch):
    closed, scandir = tree / "in" / "deep", os.scandir

    def refusing(folder):
        if Path(folder) == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert [pair.source for pair in pair_up([tree / "in"], tree / "out", recursive=True)] == [
        tree / "in" / "a.jpg",
        tree / "in" / "b.png",
        closed,
    ]


def test_the_same_input_twice_is_one(tree):
    assert len(pair_up([tree / "in" / "a.jpg", tree / "in"], tree / "out")) == 2


def test_a_folder_without_pictures_is_refused_and_recursion_is_hinted_at(tree):
    (tree / "top").mkdir()
    (tree / "in" / "deep").rename(tree / "top" / "deep")
    with pytest.raises(DataError, match=r"top: no pictures in it .*--recursive"):
        pair_up([tree / "top"], tree / "out")


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

    records = {record.source: record for record in restore_all(pairs(4), restore)}
    assert [records[f"{n}.png"].status for n in range(4)] == ["restored", "failed", "failed", "failed"]
    assert records["1.png"].error == "1.png: broken"
    assert records["2.png"].error == "2.png: out of memory"
    assert records["3.png"].error == "3.png: File name too long"


def test_a_mistake_of_ours_is_told_and_the_rest_goes_on():
    def restore(source, target, *, progress):
        if source.stem == "0":
            raise ZeroDivisionError("of ours")
        return done(source, target)

    records = {record.source: record for record in restore_all(pairs(2), restore)}
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
    assert next(records).source == "0.png"
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
