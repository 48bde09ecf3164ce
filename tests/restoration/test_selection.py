"""What a folder run restores, and what it says that it leaves alone."""

import json
import os

import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.image import read_picture
from artifix.restoration import Restorer, selection
from artifix.restoration.selection import in_words, select

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
JXL = b"\xff\x0a\x00\x10"
RAW = b"II*\0\x08\0\0\0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Pictures under usual and unusual names, and one of each kind of thing that is none; no extra is installed."""
    usual = tuple(suffix for suffix in selection.READABLE_SUFFIXES if suffix not in (".heic", ".heif", ".jxl"))
    monkeypatch.setattr(selection, "READABLE_SUFFIXES", usual)
    monkeypatch.setattr(selection, "is_installed", lambda format: False)
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    (folder / ".git").mkdir()
    picture = Image.linear_gradient("L").convert("RGB").crop((0, 0, 24, 16))
    picture.save(folder / "a.jpg")
    picture.save(folder / "b.jpg_large", "JPEG")
    picture.save(folder / "c.jfif", "JPEG")
    picture.save(folder / "d.mpo", "MPO", save_all=True, append_images=[picture])
    picture.save(folder / "e", "PNG")
    (folder / "f.heic").write_bytes(HEIC)
    (folder / "g.jxl").write_bytes(JXL)
    (folder / "h.nef").write_bytes(RAW)
    (folder / "i.mp4").write_bytes(b"")
    (folder / "j.txt").write_text("text")
    (folder / "k.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(folder / "l.jpg")
    for hidden in (".DS_Store", "Thumbs.db", ".hidden.txt"):
        (folder / hidden).write_bytes(b"")
    return folder


def test_pictures_are_known_by_their_content_and_the_rest_is_named(folder):
    found = select(folder, recursive=False, videos=[".mp4"])
    assert [path.name for path in found.pictures] == ["a.jpg", "b.jpg_large", "c.jfif", "d.mpo", "e"]
    reasons = {each.path.name: each.reason for each in found.left_alone}
    assert reasons.pop("h.nef").startswith("begins as a TIFF")
    assert reasons == {
        "below": "--recursive enters it",
        "f.heic": "needs artifix[heif]",
        "g.jxl": "needs artifix[jxl]",
        "i.mp4": "a video, which is restored if it is named",
        "j.txt": "",
        "k.jpg": "a link to nothing",
        "l.jpg": "not a regular file",
    }


def test_linked_folders_are_not_followed_and_are_said(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    found = select(folder, recursive=True)
    assert [each.path.name for each in found.left_alone if each.kind == "folder"] == ["linked"]


def test_in_words_counts_by_suffix(folder):
    (folder / "m.heic").write_bytes(HEIC)
    said = in_words(select(folder, recursive=False, videos=[".mp4"]).left_alone)
    assert said.startswith("8 files left alone: .heic 2 (needs artifix[heif]), ")
    assert said.endswith("; 1 folder left alone (--recursive enters it)")
    assert in_words([]) == ""


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("strict", [False, True])
def test_the_command_says_it_and_strict_makes_it_an_error(folder, tmp_path, make_model, strict, as_json):
    options = ["--strict"] * strict + ["--json"] * as_json
    done = CliRunner().invoke(
        app, ["restore", str(folder), "-o", str(tmp_path / "out"), "--model", str(make_model()), *options]
    )
    assert done.exit_code == strict
    assert "artifix: 7 files left alone: .heic 1 (needs artifix[heif])" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.jpg", "c.jfif", "d.jpg", "e.png"]
    assert read_picture(tmp_path / "out" / "c.jfif").format == "JPEG"
    if as_json:
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert [record["status"] for record in records].count("skipped") == 8


def test_the_library_has_a_record_for_every_file(folder, tmp_path, make_model):
    records = Restorer(make_model()).restore_folder(folder, tmp_path / "out", recursive=False)
    assert [record.input for record in records] == sorted(record.input for record in records)
    skipped = {record.input: record.notes for record in records if record.status == "skipped"}
    assert skipped[str(folder / "j.txt")] == ("not a picture",)
    assert len(records) == 13
