"""JPEGs without their end, and those of a kind that is not read."""

import io
import os
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ImageError
from artifix.image import read_image, read_picture
from artifix.image.segments import structure_of
from artifix.jpeg.damage import listening

KINDS = {
    "baseline": {"quality": 60},
    "full chroma": {"quality": 90, "subsampling": 0},
    "optimised": {"quality": 75, "optimize": True},
    "progressive": {"quality": 75, "progressive": True},
    "restarts": {"quality": 75, "restart_marker_blocks": 5},
    "coarse": {"quality": 1},
}


def coded(image, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_all_pixels_without_an_end_marker_are_a_picture_and_a_note(tmp_path, photograph, kind, grey):
    data = coded(photograph[:, :, 0] if grey else photograph, **KINDS[kind])
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    whole = read_picture(path)
    assert whole.notes == ()
    path.write_bytes(data[:-2])
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, whole.pixels)
    assert picture.space == whole.space
    assert picture.tables == whole.tables
    assert picture.notes == ("the file has no end marker, but every pixel",)
    path.write_bytes(data[:-1])  # half of the marker
    np.testing.assert_array_equal(read_picture(path).pixels, whole.pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_earlier_is_refused_and_salvaged_when_asked(tmp_path, photograph, kind):
    data = coded(photograph, **KINDS[kind])
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    whole = read_image(path).astype(int)
    begin = data.index(b"\xff\xda") + 14
    for length in np.linspace(begin + 200, len(data) - 3, 8).astype(int):
        path.write_bytes(data[:length])
        with pytest.raises(ImageError, match="--salvage") as error:
            read_picture(path)
        assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)
        picture = read_picture(path, salvage=True, ycbcr=False)
        assert picture.pixels.shape == whole.shape
        [note] = picture.notes
        assert note.startswith("the file is cut off: ")
        if rows := re.search(r"(\d+) of 96 rows are there", note):
            np.testing.assert_array_equal(picture.pixels[: int(rows[1])], whole[: int(rows[1])])
            if kind in ("full chroma", "coarse") and length > begin + 200:
                assert int(rows[1]) >= 96 * (length - begin) / (len(data) - begin) * 0.5 - 16
        else:
            assert kind == "progressive"


def test_the_last_bits_of_a_flat_picture_are_missed(tmp_path):
    """Where the missing bits would most likely be guessed: all-zero blocks, of the shortest codes."""
    for side in range(16, 80, 8):
        data = coded(np.full((side, side), 128, np.uint8), quality=50)
        end = len(data) - 2
        (tmp_path / "a.jpg").write_bytes(data[: end - 1])
        with pytest.raises(ImageError, match="cut off"):
            read_picture(tmp_path / "a.jpg")


def scans_of(data) -> list[int]:
    """Where the scans of a JPEG begin."""
    return [match.start() for match in re.finditer(rb"\xff\xda", data)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_end_marker_does_not_make_half_a_picture_whole(tmp_path, photograph, kind, capfd):
    data, path = coded(photograph, **KINDS[kind]), tmp_path / "a.jpg"
    last = scans_of(data)[-1] + 14
    path.write_bytes(data[: (last + len(data)) // 2] + data[-2:])
    with pytest.raises(ImageError, match=r"a\.jpg: .*its data end after \d+ of \d+ rows\); --salvage"):
        read_picture(path)
    picture = read_picture(path, salvage=True)
    (note,) = picture.notes
    rows = int(re.fullmatch(r"the file is incomplete: (\d+) of 96 rows are there", note)[1])
    path.write_bytes(data)
    np.testing.assert_array_equal(picture.pixels[:rows], read_picture(path).pixels[:rows])
    assert capfd.readouterr().err == ""  # where libjpeg would complain without a name


def test_a_progressive_picture_without_its_last_scans_is_a_note_and_bounds_nothing(tmp_path, photograph):
    data, path = coded(photograph, quality=75, progressive=True), tmp_path / "a.jpg"
    for start in scans_of(data)[1:]:
        path.write_bytes(data[:start] + data[-2:])
        picture = read_picture(path)
        assert picture.notes == ("the file is incomplete: a coarser picture is there",)
        assert picture.coefficients is None


def test_a_damaged_middle_is_a_note(tmp_path, photograph, capfd):
    data, path = coded(photograph, quality=75, restart_marker_blocks=5), tmp_path / "a.jpg"
    marker = data.index(b"\xff\xd3")
    for wrong, said in ((b"\xff\xd6", "found marker 0xd6 instead of RST3"), (b"", "extraneous bytes before marker")):
        path.write_bytes(data[:marker] + wrong + data[marker + 2 :])
        picture = read_picture(path)
        (note,) = picture.notes
        assert note.startswith("the file is damaged: ") and said in note
        assert picture.coefficients is not None
    assert capfd.readouterr().err == ""


def test_what_others_write_to_standard_error_meanwhile_is_passed_on(capfd):
    with listening() as found:
        os.write(2, b"a line of another thread\nCorrupt JPEG data: 2 extraneous bytes before marker 0xd9\n")
    assert found == ["Corrupt JPEG data: 2 extraneous bytes before marker 0xd9"]
    assert capfd.readouterr().err == "a line of another thread\n"


def test_whole_pictures_are_read_as_before_with_salvage(tmp_path, photograph):
    path = tmp_path / "a.png"
    Image.fromarray(photograph).save(path)
    assert read_picture(path, salvage=True).notes == ()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ImageError, match="broken or truncated"):
        read_picture(path, salvage=True)


def test_the_command_salvages_when_asked(tmp_path, photograph):
    data = coded(photograph, quality=60)
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    command = ["restore", str(tmp_path / "a.jpg"), "-o", str(tmp_path / "b.png"), "--model", "sa-dct"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1 and not (tmp_path / "b.png").exists()
    assert "--salvage restores what is there" in done.output.replace("\n", " ")
    done = CliRunner().invoke(app, [*command, "--salvage"])
    assert done.exit_code == 0, done.output
    assert "the file is cut off" in done.output.replace("\n", " ")
    assert read_image(tmp_path / "b.png").shape == photograph.shape


def with_frame(data: bytes, marker: int, bits: int = 8) -> bytes:
    place = data.index(b"\xff\xc0")
    return data[: place + 1] + bytes([marker]) + data[place + 2 : place + 4] + bytes([bits]) + data[place + 5 :]


@pytest.mark.parametrize(
    ("marker", "bits", "reason"),
    [
        (0xC1, 12, "a JPEG of 12 bits a sample"),
        (0xC2, 12, "a JPEG of 12 bits a sample"),
        (0xC3, 8, "a lossless JPEG"),
        (0xC3, 16, "a lossless JPEG"),
        (0xCB, 8, "a lossless JPEG"),
        (0xF7, 8, "a JPEG-LS file"),
        (0xC5, 8, "a hierarchical JPEG"),
    ],
)
def test_kinds_that_are_not_read_are_named(tmp_path, photograph, marker, bits, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(with_frame(coded(photograph), marker, bits))
    for salvage in (False, True):
        with pytest.raises(ImageError, match=f"a.jpg: {reason}"):
            read_picture(path, salvage=salvage)


def scan_of(data: bytes) -> tuple[bytes, bytes]:
    """A progressive file up to its end marker, and its last scan."""
    end = len(data) - 2
    return data[:end], data[data.rindex(b"\xff\xda") : end]


@pytest.mark.parametrize("scans", [40, 65, 1_000])
def test_too_many_scans_are_refused_before_they_are_decoded(tmp_path, photograph, scans):
    data, last = scan_of(coded(photograph, progressive=True))
    path = tmp_path / "a.jpg"
    path.write_bytes(data + last * scans + b"\xff\xd9")
    assert structure_of(path.read_bytes()).end
    if scans > 64:
        with pytest.raises(ImageError, match="more than 64 scans"):
            read_picture(path)
    else:
        assert read_picture(path).pixels.shape == photograph.shape


@pytest.mark.parametrize("name", ["a.jfif", "a.jpg_large", "a.JPE", "a", "a.png"])
def test_a_jpeg_is_known_by_its_content(tmp_path, photograph, name):
    (tmp_path / name).write_bytes(coded(photograph))
    assert read_picture(tmp_path / name).format == "JPEG"
