"""Pictures come upright, once, whoever says how they are turned."""

import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from artifix.image import read_image, read_picture, to_rgb, write_picture

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="1"/></x:xmpmeta>'
TURNED_XMP = XMP.replace(b"1", b"6")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied_once(tmp_path, photograph, suffix, orientation):
    stored = tmp_path / f"stored{suffix}"
    options = {".webp": {"lossless": True}, ".avif": {"quality": 95}}.get(suffix, {})
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(photograph[:40, :56]).save(stored, exif=exif, **options)
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    with Image.open(stored) as file:
        plain = Image.fromarray(np.asarray(file)) if suffix != ".tif" else Image.fromarray(photograph[:40, :56])
    expected = np.asarray(plain.transpose(turned[orientation]) if orientation > 1 else plain)
    picture = read_picture(stored)
    np.testing.assert_allclose(to_rgb(picture).astype(int), expected, atol=2)
    kept = Image.Exif()
    kept.load(picture.metadata.exif or b"")
    assert kept.get(ExifTags.Base.Orientation, 1) == 1
    again = tmp_path / "again.png"
    write_picture(again, picture)
    np.testing.assert_array_equal(read_image(again), to_rgb(picture))


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_the_orientation_may_be_in_the_xmp_alone(tmp_path, suffix):
    path = tmp_path / f"turned{suffix}"
    Image.new("RGB", (16, 8)).save(
        path, **({"tiffinfo": {700: TURNED_XMP}} if suffix == ".tif" else {"xmp": TURNED_XMP})
    )
    picture = read_picture(path)
    assert picture.pixels.shape == (16, 8, 3)
    assert b"6" not in picture.metadata.xmp


def test_exif_is_not_written_anew_and_a_turned_picture_loses_its_thumbnail(tmp_path):
    # Big endian; the first directory has one entry, the orientation, and is followed by a second, the thumbnail's.
    block = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 99) + b"maker note at an offset"
    path = tmp_path / "turned.jpg"
    Image.new("RGB", (16, 8)).save(path, exif=b"Exif\0\0" + block, xmp=TURNED_XMP)
    picture = read_picture(path)
    assert picture.pixels.shape == (16, 8, 3)
    assert picture.metadata.exif == block[:18] + b"\0\x01" + block[20:22] + bytes(4) + block[26:]
    assert picture.metadata.xmp == XMP
