import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from artifix.errors import ImageError
from artifix.image import read_picture
from artifix.image.scans import reason_against_scans
from artifix.image.segments import segment


def with_scans(path, scans, *, size=(48, 40), **options):
    """A JPEG of so many scans: the last is there again and again."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, "JPEG", **options)
    data = file.getvalue()
    starts = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    last = data[starts[-1] : -2]
    path.write_bytes(data[:-2] + last * (scans - len(starts)) + data[-2:])
    return path


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
def test_what_encoders_write_is_read(tmp_path, options):
    path = with_scans(tmp_path / "a.jpg", 0, **options)
    assert reason_against_scans(path, 48 * 40) == ""
    assert read_picture(path).pixels.shape == (40, 48, 3)


@pytest.mark.parametrize(("pixels", "most"), [(1, 64), (10**7, 64), (4 * 10**7, 25), (6 * 10**7, 16), (10**9, 16)])
def test_scans_are_bounded_by_the_pixels(tmp_path, pixels, most):
    assert reason_against_scans(with_scans(tmp_path / "a.jpg", most, progressive=True), pixels) == ""
    path = with_scans(tmp_path / "b.jpg", most + 1, progressive=True)
    assert reason_against_scans(path, pixels) == f"more than {most} scans, which would take too long to decode"


def test_many_scans_are_refused_before_they_are_decoded(tmp_path):
    path = with_scans(tmp_path / "a.jpg", 1000, progressive=True)
    with pytest.raises(ImageError, match=r"a\.jpg: more than 64 scans"):
        read_picture(path)


def test_scans_of_a_thumbnail_and_of_what_lies_behind_do_not_count(tmp_path):
    path = with_scans(tmp_path / "a.jpg", 3, progressive=True)
    data = path.read_bytes()
    inner = b"\xff\xda" * 1000
    comment = b"\xff\xfe" + (len(inner) + 2).to_bytes(2, "big") + inner
    path.write_bytes(data[:2] + comment + data[2:] + inner)
    assert reason_against_scans(path, 1) == ""


def test_segments_without_end_are_refused(tmp_path):
    path = with_scans(tmp_path / "a.jpg", 0)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xfe\0\2" * 30_000 + data[2:])
    assert "marker segments" in reason_against_scans(path, 1)


@pytest.mark.parametrize(("count", "read"), [(256, True), (257, False)])
def test_exif_in_very_many_segments_is_refused(tmp_path, count, read):
    path = with_scans(tmp_path / "a.jpg", 0)
    data = path.read_bytes()
    path.write_bytes(data[:2] + segment(0xE1, b"Exif\0\0MM\0*") * count + data[2:])
    if read:
        assert read_picture(path).pixels.size
        return
    with pytest.raises(ImageError, match="more than 256 segments of EXIF"):
        read_picture(path)


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("x") / "a.jpg"
    path.write_bytes(data)
    assert isinstance(reason_against_scans(path, 1), str)
