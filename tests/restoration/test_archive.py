"""Comic book archives: every page restored, everything else copied, and nothing unpacked that should not be."""

import io
import stat
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ImageError, OutputError
from artifix.image import limits
from artifix.restoration import Restorer, archive
from artifix.restoration.archive import restore_archive


def jpeg(photograph, shift=0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.roll(photograph, shift, axis=1)).save(file, "JPEG", quality=40)
    return file.getvalue()


def comic(path, files: dict[str, bytes], **attributes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6))
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            made.writestr(info, content)
    return path


def content(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        return {name: made.read(name) for name in made.namelist()}


@pytest.fixture
def restorer(make_model):
    return Restorer(make_model())


def test_pages_are_restored_and_the_rest_is_copied(tmp_path, photograph, restorer):
    files = {
        "a/": b"",
        "a/02.jpg": jpeg(photograph, 9),
        "a/01.JPG": jpeg(photograph),
        "ComicInfo.xml": b"<ComicInfo/>",
        "__MACOSX/._01.jpg": b"\0\5\26\7",
        "odd": jpeg(photograph, 5),
    }
    source, shares = comic(tmp_path / "in.cbz", files), []
    before = source.read_bytes()
    record = restore_archive(source, tmp_path / "out.cbz", restorer, progress=shares.append)
    assert (record.status, record.frames, record.error) == ("restored", 3, "")
    assert shares == sorted(shares) and shares[-1] == 1
    assert source.read_bytes() == before
    found = content(tmp_path / "out.cbz")
    assert list(found) == list(files)
    for name, data in files.items():
        if ("jpg" not in name.lower() and name != "odd") or "MACOSX" in name:
            assert found[name] == data
            continue
        (tmp_path / "page.jpg").write_bytes(data)
        restorer.restore_file(tmp_path / "page.jpg", tmp_path / "restored.jpg", overwrite=True)
        with Image.open(tmp_path / "restored.jpg") as one, Image.open(io.BytesIO(found[name])) as other:
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    with zipfile.ZipFile(tmp_path / "out.cbz") as made:
        assert {info.date_time for info in made.infolist()} == {(2001, 2, 3, 4, 5, 6)}
    assert restore_archive(source, tmp_path / "out.cbz", restorer).status == "kept"
    with pytest.raises(OutputError, match="strength 1 instead of"):
        restore_archive(source, tmp_path / "out.cbz", restorer.at(0.5))


def test_a_bad_page_is_copied_and_named_and_the_rest_is_done(tmp_path, photograph, restorer):
    files = {"1.jpg": jpeg(photograph), "2.jpg": jpeg(photograph)[:900], "3.jpg": jpeg(photograph, 3)}
    source = comic(tmp_path / "in.cbz", files)
    record = restore_archive(source, tmp_path / "out.cbz", restorer)
    assert record.status == "failed"
    assert record.error.startswith(f"{source}: 1 page not restored: 2.jpg: ")
    assert "\n" not in record.error and "artifix-" not in record.error
    found = content(tmp_path / "out.cbz")
    assert found["2.jpg"] == files["2.jpg"]
    assert all(found[name] != files[name] for name in ("1.jpg", "3.jpg"))
    before = (tmp_path / "out.cbz").read_bytes()
    with pytest.raises(OutputError, match="exists already, with 1 page of it that could not be restored; --overwrite"):
        restore_archive(source, tmp_path / "out.cbz", restorer)
    assert (tmp_path / "out.cbz").read_bytes() == before
    with zipfile.ZipFile(source, "a") as made:
        made.comment = made.comment + b"changed"
    with pytest.raises(OutputError, match="made of another input"):
        restore_archive(source, tmp_path / "out.cbz", restorer)


def test_a_page_that_cannot_be_unpacked_is_named(tmp_path, photograph, restorer):
    source = comic(tmp_path / "in.cbz", {"1.jpg": jpeg(photograph), "notes.txt": b"words" * 99}, compress_type=0)
    data = source.read_bytes()
    source.write_bytes(data.replace(b"words", b"swords"[:5], 1))
    record = restore_archive(source, tmp_path / "out.cbz", restorer)
    assert record.status == "failed" and "notes.txt: cannot be unpacked" in record.error
    assert list(content(tmp_path / "out.cbz")) == ["1.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "a/../../b.jpg", "..\\a.jpg", "C:/a.jpg"])
def test_a_name_that_leads_out_of_it_is_refused(tmp_path, restorer, name):
    source = comic(tmp_path / "in.cbz", {name.replace("\\", "/"): b"x"})
    if "\\" in name:  # which zipfile would not write
        source.write_bytes(source.read_bytes().replace(b"../a.jpg", b"..\\a.jpg"))
    with pytest.raises(ImageError, match=r"in\.cbz: the name .* does not stay inside"):
        restore_archive(source, tmp_path / "out.cbz", restorer)
    assert [path.name for path in tmp_path.iterdir()] == ["in.cbz"]


def test_what_is_not_to_be_unpacked_is_refused(tmp_path, photograph, restorer, monkeypatch):
    def refused(path, said):
        with pytest.raises(ImageError, match=said) as error:
            restore_archive(path, tmp_path / "out.cbz", restorer)
        assert str(path) in str(error.value) and "\n" not in str(error.value)
        assert not (tmp_path / "out.cbz").exists()

    refused(comic(tmp_path / "a.cbz", {"l": b"/etc/passwd"}, external_attr=stat.S_IFLNK << 16), "is a link")
    data = bytearray(comic(tmp_path / "b.cbz", {"1.jpg": b"x"}).read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "b.cbz").write_bytes(data)
    refused(tmp_path / "b.cbz", "is encrypted")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "c.cbz", "w") as made:
        made.writestr("1.jpg", b"x")
        made.writestr("1.jpg", b"y")
    refused(tmp_path / "c.cbz", "2 times")
    monkeypatch.setattr(archive, "ARCHIVE_BYTES", 10**6)
    refused(comic(tmp_path / "bomb.cbz", {"1.bmp": bytes(10**6 + 1)}), "unpacks to more than")
    monkeypatch.setattr(archive, "PIECES", 10)
    refused(comic(tmp_path / "many.cbz", {str(number): b"" for number in range(11)}), "more than 10 files")
    refused(comic(tmp_path / "more.cbz", {str(number): b"" for number in range(400)}), "more files or bytes")
    for broken in (b"", b"PK", b"no archive" * 9, data[:-30], data[-22:]):
        (tmp_path / "d.cbz").write_bytes(broken)
        refused(tmp_path / "d.cbz", "not a ZIP archive|is encrypted|more files")
    refused(tmp_path / "none.cbz", "No such file")
    with pytest.raises(OutputError, match=r"written into a \.cbz"):
        restore_archive(tmp_path / "a.cbz", tmp_path / "out.zip", restorer)


def test_the_command_restores_those_that_are_named(tmp_path, photograph, make_model):
    source = comic(tmp_path / "in.cbz", {"1.jpg": jpeg(photograph), "2.jpg": b"no picture"})
    (tmp_path / "a.jpg").write_bytes(jpeg(photograph))
    run = CliRunner().invoke
    done = run(app, ["restore", str(source), "-o", str(tmp_path / "out"), "--model", str(make_model())])
    assert done.exit_code == 1
    assert "in.cbz: 1 page not restored: 2.jpg: " in done.output
    assert list(content(tmp_path / "out" / "in.cbz")) == ["1.jpg", "2.jpg"]
    done = run(app, ["restore", str(tmp_path), "-o", str(tmp_path / "other"), "--model", str(make_model())])
    assert done.exit_code == 0
    assert ".cbz 1 (an archive, which is restored if it is named)" in done.output
    done = run(app, ["restore", str(source), "--format", "png"])
    assert done.exit_code == 2


def test_limits_are_what_the_page_says():
    assert (limits.PIECES, limits.ARCHIVE_BYTES) == (10_000, 4 << 30)
