import os
from pathlib import Path

import pytest
from PIL import Image

from artifix.errors import DataError, OutputError
from artifix.restoration.pairing import pair_up


@pytest.fixture
def tree(tmp_path):
    """in/{a.jpg, b.png, notes.txt, deep/a.jpg, deep/c.j2k}, as empty files: only names matter here."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "notes.txt", "deep/a.jpg", "deep/c.j2k"):
        (tmp_path / "in" / name).touch()
    return tmp_path


def targets(tree, *arguments, **options):
    return sorted(str(pair.target.relative_to(tree)) for pair in pair_up(*arguments, **options).pairs)


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


def test_a_link_to_itself_is_left_alone(tree):
    (tree / "in" / "loop.jpg").symlink_to("loop.jpg")
    found = pair_up([tree / "in"], tree / "in" / "out")
    assert [pair.source.name for pair in found.pairs] == ["a.jpg", "b.png"]
    assert "loop.jpg" in [Path(record.input).name for record in found.records]


@pytest.mark.parametrize(
    ("suffix", "expected"), [("-clean", "a-clean.jpg"), (".png", "a.png"), ("-clean.webp", "a-clean.webp")]
)
def test_the_suffix_replaces_the_end_of_the_name(tree, suffix, expected):
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "out", suffix=suffix) == [f"out/{expected}"]


@pytest.mark.parametrize("suffix", ["/", "/../../evil.png", "a\\b"])
def test_a_suffix_with_a_folder_in_it_is_refused(tree, suffix):
    with pytest.raises(OutputError, match="cannot contain a folder"):
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
    assert len(pair_up([tree / "in" / "a.jpg", other], tree / "out").pairs) == 1


def test_one_file_to_a_named_file_or_a_folder(tree):
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "x.png") == ["x.png"]
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "x") == ["x/a.jpg"]
    assert targets(tree, [tree / "in" / "a.jpg"], tree / "in" / "deep") == ["in/deep/a.jpg"]


def test_a_folder_of_one_name_and_many_suffixes_makes_an_output_of_each(tree):
    for name in ("a.png", "a.j2k", "a.jfif", "a.jpe", "a.tif"):
        (tree / "in" / name).touch()
    assert targets(tree, [tree / "in"], tree / "out") == [
        "out/a.j2k.png",
        "out/a.jfif",
        "out/a.jpe",
        "out/a.jpg",
        "out/a.png",
        "out/a.tif",
        "out/b.png",
    ]
    assert targets(tree, [tree / "in"], tree / "out", suffix="-x.png") == [
        "out/a-x.png",
        "out/a.j2k-x.png",
        "out/a.jfif-x.png",
        "out/a.jpe-x.png",
        "out/a.jpg-x.png",
        "out/a.tif-x.png",
        "out/b-x.png",
    ]


def test_videos_that_become_one_container_get_names_of_their_own(tree):
    videos = {".3gp": ".mkv", ".flv": ".mkv", ".wmv": ".mkv", ".mkv": ".mkv"}
    named = [tree / f"x{suffix}" for suffix in (".3gp", ".flv", ".wmv")]
    assert targets(tree, named, tree / "out", others=videos) == ["out/x.3gp.mkv", "out/x.flv.mkv", "out/x.wmv.mkv"]
    assert targets(tree, [tree / "x.mkv", named[0]], tree / "out", others=videos) == ["out/x.3gp.mkv", "out/x.mkv"]


@pytest.mark.parametrize(
    ("names", "suffix", "refused"),
    [
        (["a.jpg", "deep/a.jpg"], "", "deep/a.jpg"),
        (["a.jpg", "a.j2k", "a.jpg.png"], ".png", "a.jpg.png"),  # the longer name is another's own
    ],
)
def test_an_output_that_two_inputs_would_share_is_refused_to_one_of_them(tree, names, suffix, refused):
    for name in names:
        (tree / "in" / name).touch()
    pairing = pair_up([tree / "in" / name for name in names], tree / "out", suffix=suffix)
    assert len({pair.target for pair in pairing.pairs}) == len(pairing.pairs) == len(names) - 1
    (record,) = pairing.refused
    assert record.status == "failed"
    assert "would be that of" in record.error


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
        pairs = pair_up([tree / "in"], output, suffix=suffix).pairs
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
    pairing = pair_up([tree / "in"], tree / "out", recursive=True)
    assert [pair.source.name for pair in pairing.pairs] == ["a.jpg", "b.png"]
    assert [record.error for record in pairing.refused] == [f"{closed}: Permission denied"]


def test_the_same_input_twice_is_one(tree):
    assert len(pair_up([tree / "in" / "a.jpg", tree / "in"], tree / "out").pairs) == 2


def test_a_folder_without_pictures_is_refused_and_recursion_is_hinted_at(tree):
    (tree / "top").mkdir()
    (tree / "in" / "deep").rename(tree / "top" / "deep")
    with pytest.raises(DataError, match=r"top: no pictures in it .*--recursive"):
        pair_up([tree / "top"], tree / "out")


def test_a_folder_without_pictures_does_not_keep_another_from_being_restored(tree):
    (tree / "empty").mkdir()
    pairing = pair_up([tree / "empty", tree / "in"], tree / "out")
    assert len(pairing.pairs) == 2
    assert [record.error for record in pairing.refused] == [f"{tree / 'empty'}: no pictures in it"]


@pytest.mark.parametrize(
    ("format", "output"), [("JPEG", "x.jpg"), ("WEBP", "x.webp"), ("GIF", "x.gif"), ("JPEG2000", "x.jp2")]
)
@pytest.mark.parametrize("suffix", [".jpg_large", ".dat", ""])
def test_an_unusual_suffix_becomes_that_of_the_content(tmp_path, format, output, suffix):
    path = tmp_path / f"x{suffix}"
    Image.new("RGB", (8, 8)).save(path, format)
    assert [pair.target.name for pair in pair_up([tmp_path], tmp_path / "out").pairs] == [output]
