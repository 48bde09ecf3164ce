import pytest
from PIL import Image

from artifix.image import read_picture
from artifix.image.lossy import is_lossy

CODINGS = [
    ("a.jpg", {"quality": 90}, True),
    ("a.png", {}, False),
    ("a.gif", {}, False),
    ("a.tif", {}, False),
    ("a.avif", {"quality": 60}, True),
    ("a.webp", {"quality": 90}, True),
    ("a.webp", {"lossless": True}, False),
    ("a.webp", {"quality": 50, "exif": b"Exif\0\0II*\0" + bytes(20), "icc_profile": b"p" * 999}, True),
    ("a.webp", {"lossless": True, "exif": b"Exif\0\0II*\0" + bytes(20), "icc_profile": b"p" * 999}, False),
    ("a.jp2", {"irreversible": True, "quality_mode": "rates", "quality_layers": [20]}, True),
    ("a.jp2", {}, False),
    ("a.j2k", {}, False),
    ("a.j2k", {"irreversible": True}, True),
]


@pytest.mark.parametrize(("name", "options", "lossy"), CODINGS)
def test_a_file_says_whether_its_coding_lost_anything(photograph, tmp_path, name, options, lossy):
    Image.fromarray(photograph).save(tmp_path / name, **options)
    assert read_picture(tmp_path / name).lossy is lossy


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_animations_and_transparent_pictures_are_told_apart_too(photograph, tmp_path, lossless, alpha):
    frames = [Image.fromarray(photograph), Image.fromarray(photograph[::-1])]
    if alpha:
        for frame in frames:
            frame.putalpha(frame.convert("L"))
    for name, more in (("still.webp", {}), ("moving.webp", {"save_all": True, "append_images": frames[1:]})):
        frames[0].save(tmp_path / name, lossless=lossless, **more)
        assert is_lossy(tmp_path / name, "WEBP") is not lossless


@pytest.mark.parametrize("format", ["WEBP", "JPEG2000"])
def test_a_header_cut_short_counts_as_lossy(photograph, tmp_path, format):
    path = tmp_path / "whole"
    Image.fromarray(photograph).save(path, format, lossless=True)
    data = path.read_bytes()
    for length in (0, 3, 12, 14):
        path.write_bytes(data[:length])
        assert is_lossy(path, format)
