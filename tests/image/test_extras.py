"""HEIF and JPEG XL by their extras, and what of an AVIF and a JPEG 2000 does not come in 8 bits."""

import io
import os
import struct
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from artifix.errors import ImageError, OutputError
from artifix.image import Metadata, Picture, extra_for, extras, formats, jxl, losses, read_picture, write_picture

SUFFIXES = [".heic", ".heif", ".jxl"]


def needs(suffix: str) -> None:
    pytest.importorskip("pillow_jxl" if suffix == ".jxl" else "pillow_heif")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("grey", [False, True])
def test_pictures_come_back(tmp_path, photograph, suffix, alpha, grey):
    needs(suffix)
    pixels = photograph[:, :, 1] if grey else photograph
    opacity = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (96, 1)) if alpha else None
    picture = Picture(pixels, "L" if grey else "RGB", opacity)
    path = tmp_path / f"a{suffix}"
    write_picture(path, picture)
    again = read_picture(path)
    assert again.format == ("JXL" if suffix == ".jxl" else "HEIF")
    assert again.notes == ()
    expected = np.dstack([pixels] * 3) if grey and alpha and suffix != ".jxl" else pixels  # HEIF has no such grey
    if suffix == ".jxl":
        np.testing.assert_array_equal(again.pixels, expected)
        assert losses(path, picture) == ()
    else:
        assert np.abs(again.pixels.astype(int) - expected).mean() < 1
        assert losses(path, picture) == ("lossy HEIF, quality 95",)
    assert (again.alpha is None) != alpha
    if alpha:
        assert np.abs(again.alpha.astype(int) - opacity).max() <= (0 if suffix == ".jxl" else 3)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("mode", ["RGB;16", "RGBA;16", "L;16"])
def test_a_deep_heif_comes_with_sixteen_bits(tmp_path, bits, mode):
    pillow_heif = pytest.importorskip("pillow_heif")
    channels = {"RGB;16": 3, "RGBA;16": 4, "L;16": 1}[mode]
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None], (64, 1, channels))
    path = tmp_path / "a.heic"
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        pillow_heif.encode(mode, (64, 64), ramp.tobytes(), path, quality=-1, matrix_coefficients=0, chroma="444")
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint16
    assert picture.pixels.min() == 0 and picture.pixels.max() == 65535
    expected = ramp[..., 0] if channels == 1 else ramp[..., :3]
    assert np.abs(picture.pixels.astype(int) - expected).max() <= 65536 >> bits
    assert (picture.alpha is not None) == (channels == 4)
    write_picture(tmp_path / "b.heic", picture)
    assert "16 bits become 10" in losses(tmp_path / "b.heic", picture)
    again = read_picture(tmp_path / "b.heic")
    assert again.pixels.dtype == np.uint16
    assert np.abs(again.pixels.astype(int) - expected).mean() < 200


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_goes_in_and_out(tmp_path, photograph, suffix):
    needs(suffix)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    metadata = Metadata(exif.tobytes().removeprefix(b"Exif\0\0"), xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    path = tmp_path / f"a{suffix}"
    write_picture(path, Picture(photograph, "RGB", metadata=metadata))
    again = read_picture(path).metadata
    assert again.exif == metadata.exif and again.xmp == metadata.xmp


def test_a_heifs_orientation_is_applied_once(tmp_path, photograph):
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    height, width = photograph.shape[:2]
    options = {"quality": 95, "chroma": "444", "exif": exif.tobytes()}
    pillow_heif.encode("RGB", (width, height), photograph.tobytes(), tmp_path / "a.heic", **options)
    picture = read_picture(tmp_path / "a.heic")
    assert picture.pixels.shape == (width, height, 3)
    assert np.abs(picture.pixels.astype(int) - np.rot90(photograph, -1)).mean() < 1
    write_picture(tmp_path / "b.heic", picture)
    assert read_picture(tmp_path / "b.heic").pixels.shape == (width, height, 3)


def test_a_heifs_colour_space_goes_where_it_can(tmp_path, photograph):
    pytest.importorskip("pillow_heif")
    hdr = Picture(photograph, "RGB", metadata=Metadata(cicp=(9, 16, 0, 1)))
    write_picture(tmp_path / "a.heic", hdr)
    picture = read_picture(tmp_path / "a.heic")
    assert picture.metadata.cicp[:2] == (9, 16)
    write_picture(tmp_path / "b.png", picture)
    assert read_picture(tmp_path / "b.png").metadata.cicp == (9, 16, 0, 1)
    assert any("cICP" in phrase for phrase in losses(tmp_path / "b.jpg", picture))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_the_extra_the_message_names_it(tmp_path, photograph, monkeypatch, suffix):
    needs(suffix)
    path, extra = tmp_path / f"a{suffix}", "jxl" if suffix == ".jxl" else "heif"
    write_picture(path, Picture(photograph, "RGB"))
    assert extra_for(path) is None
    monkeypatch.setitem(sys.modules, "pillow_jxl" if suffix == ".jxl" else "pillow_heif", None)
    with pytest.raises(ImageError, match=rf"pip install 'artifix\[{extra}\]'"):
        read_picture(path)
    with pytest.raises(OutputError, match=rf"pip install 'artifix\[{extra}\]'"):
        write_picture(tmp_path / f"b{suffix}", Picture(photograph, "RGB"))
    monkeypatch.setattr(formats, "is_installed", lambda format: format not in extras.EXTRAS)
    assert extra_for(path) == extra


def test_a_file_is_known_by_its_content(tmp_path, photograph):
    for suffix in (".heic", ".jxl", ".avif"):
        needs(suffix)
        write_picture(tmp_path / f"a{suffix}", Picture(photograph, "RGB"))
        (tmp_path / f"a{suffix}").rename(tmp_path / "a.jpg")
        assert read_picture(tmp_path / "a.jpg").format == {".heic": "HEIF", ".jxl": "JXL", ".avif": "AVIF"}[suffix]
    brands = {b"heic": "HEIF", b"heix": "HEIF", b"mif1": "HEIF", b"avif": None, b"isom": None}
    for brand, format in brands.items():
        assert extras.format_of(b"\0\0\0\x18ftyp" + brand + bytes(4) + b"mif1heic") == format
    assert extras.format_of(b"\0\0\0\x18ftypmif1" + bytes(4) + b"mif1avif") is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_broken_files_end_in_one_line(tmp_path, photograph, suffix):
    needs(suffix)
    path = tmp_path / f"a{suffix}"
    write_picture(path, Picture(photograph, "RGB"))
    data = path.read_bytes()
    chance = np.random.default_rng(0)
    for length in np.linspace(1, len(data) - 1, 12).astype(int):
        changed = bytearray(data)
        changed[chance.integers(0, 200)] ^= 1 << chance.integers(0, 8)
        for content in (data[:length], bytes(changed)):
            path.write_bytes(content)
            try:
                read_picture(path, max_pixels=1 << 20)
            except ImageError as error:
                assert str(error).startswith(f"{path}: ") and "\n" not in str(error)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path, photograph, monkeypatch, suffix):
    needs(suffix)
    path = tmp_path / f"a{suffix}"
    write_picture(path, Picture(photograph, "RGB"))
    for target in ("pillow_jxl.JpegXLImagePlugin.Decoder", "pillow_heif.as_plugin._LibHeifImageFile.load"):
        monkeypatch.setattr(target, lambda *args, **options: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="--max-pixels"):
        read_picture(path, max_pixels=12_287)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 700), height=st.integers(1, 700), container=st.booleans())
def test_the_size_of_a_jpeg_xl_is_read_from_its_header(width, height, container):
    pytest.importorskip("pillow_jxl")
    file = io.BytesIO()
    options = {"xmp": b"<x/>"} if container else {}
    Image.new("L", (width, height)).save(file, "JXL", lossless=True, effort=1, **options)
    assert file.getvalue().startswith(b"\xff\x0a") != container
    assert jxl.size_of(file) == (width, height)


# Depth and colours that Pillow does not say


def test_an_avif_of_ten_bits_is_said_to_become_eight(tmp_path, photograph):
    av = pytest.importorskip("av")
    path = tmp_path / "a.avif"
    Image.fromarray(photograph).save(path)
    assert read_picture(path).notes == ()
    scheduling = os.sched_getscheduler(0), os.sched_getparam(0)
    with av.open(path, "w") as container:
        stream = container.add_stream("libsvtav1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        frame = av.VideoFrame.from_ndarray(photograph, format="rgb24")
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    os.sched_setscheduler(
        0, *scheduling
    )  # SVT-AV1 takes real-time priority where it may, which starves what comes after
    assert read_picture(path).notes == ("more than 8 bits become 8",)


def test_an_avifs_colour_space_is_kept_by_a_png(tmp_path, photograph):
    path = tmp_path / "a.avif"
    Image.fromarray(photograph).save(path)
    data = path.read_bytes()
    place = data.index(b"nclx") + 4
    path.write_bytes(data[:place] + struct.pack(">HH", 9, 16) + data[place + 4 :])
    picture = read_picture(path)
    assert picture.metadata.cicp[:2] == (9, 16)
    write_picture(tmp_path / "b.png", picture)
    assert read_picture(tmp_path / "b.png").metadata.cicp == (9, 16, 0, 1)
    assert any("cICP" in phrase for phrase in losses(tmp_path / "b.avif", picture))


def test_a_deep_jpeg_2000_is_said_to_become_eight_bits(tmp_path, photograph):
    path = tmp_path / "a.jp2"
    Image.fromarray(photograph).save(path)
    assert read_picture(path).notes == ()
    Image.fromarray(photograph[:, :, 0].astype(np.uint16) * 257).save(path)
    assert read_picture(path).notes == () and read_picture(path).pixels.dtype == np.uint16
