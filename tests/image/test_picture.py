"""What of a picture survives reading and writing, and rarer kinds of it."""

import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from artifix.color import ycbcr_to_rgb
from artifix.errors import ImageError, OutputError
from artifix.image import (
    WRITABLE_SUFFIXES,
    Metadata,
    Picture,
    losses,
    read_image,
    read_picture,
    to_rgb,
    write_image,
    write_picture,
)

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="1"/></x:xmpmeta>'
TURNED_XMP = XMP.replace(b"1", b"6")
LOSSLESS = (".png", ".tif", ".jp2", ".webp", ".bmp")


def make_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.ExifOffset] = {ExifTags.Base.ISOSpeedRatings: 400}
    exif[ExifTags.Base.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    return exif.tobytes().removeprefix(b"Exif\0\0")


def parse_exif(block: bytes | None) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block or b"")
    return exif


def make_picture(
    channels: int, dtype: type, *, alpha: bool, shape: tuple[int, int] = (11, 13), seed: int = 0
) -> Picture:
    random = np.random.default_rng(seed)
    high = int(np.iinfo(dtype).max) + 1
    pixels = random.integers(0, high, shape if channels == 1 else (*shape, 3)).astype(dtype)
    opacity = random.integers(0, high, shape).astype(dtype) if alpha else None
    return Picture(
        pixels, "L" if channels == 1 else "RGB", opacity, metadata=Metadata(make_exif(), SRGB, XMP, (300, 150))
    )


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_lossless_format_gives_back_the_pixels(tmp_path, suffix, alpha, channels, dtype):
    picture = make_picture(channels, dtype, alpha=alpha)
    path = tmp_path / f"picture{suffix}"
    if alpha and suffix == ".bmp":
        with pytest.raises(OutputError, match="no transparency"):
            write_picture(path, picture)
        assert not list(tmp_path.iterdir())
        return
    write_picture(path, picture)
    again = read_picture(path)
    said = losses(path, picture)
    if dtype == np.uint16 and suffix not in (".png", ".tif"):
        assert "16 bits become 8" in said
        picture = replace(
            picture,
            pixels=np.rint(picture.pixels / 257).astype(np.uint8),
            alpha=None if picture.alpha is None else np.rint(picture.alpha / 257).astype(np.uint8),
        )
    else:
        assert not any("bits" in phrase for phrase in said)
    if channels == 1 and suffix == ".webp":  # has no grey
        picture = replace(picture, pixels=np.dstack([picture.pixels] * 3))
    assert again.pixels.dtype == picture.pixels.dtype
    np.testing.assert_array_equal(again.pixels, picture.pixels)
    if alpha:
        assert again.alpha.dtype == picture.alpha.dtype
        np.testing.assert_array_equal(again.alpha, picture.alpha)
    else:
        assert again.alpha is None


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_all_metadata_that_a_format_can_hold_survives(tmp_path, suffix, dtype, channels):
    picture = make_picture(channels, dtype, alpha=False)
    path = tmp_path / f"picture{suffix}"
    write_picture(path, picture)
    again = read_picture(path).metadata
    if suffix == ".bmp":
        assert again[:3] == (None, None, None)
        assert {"EXIF is left out", "XMP is left out", "the colour profile is left out"} <= set(losses(path, picture))
    elif suffix == ".gif":
        assert again[:3] == (None, None, XMP)
        assert {"EXIF is left out", "the colour profile is left out"} <= set(losses(path, picture))
    else:
        exif = parse_exif(again.exif)
        assert exif[ExifTags.Base.Make] == "Camera"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 400
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert again.icc == (SRGB if suffix != ".jxl" else None)
        assert ("the colour profile is left out" in losses(path, picture)) == (suffix == ".jxl")
        assert again.xmp == XMP
    if suffix in (".webp", ".avif", ".gif", ".heic", ".heif", ".jxl"):
        assert "the resolution is left out" in losses(path, picture)  # its place is the EXIF, which says none
    else:
        assert again.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_a_resolution_without_its_own_place_goes_into_exif(tmp_path, suffix):
    picture = replace(make_picture(3, np.uint8, alpha=False), metadata=Metadata(dpi=(300, 150)))
    path = tmp_path / f"picture{suffix}"
    write_picture(path, picture)
    assert read_picture(path).metadata.dpi == pytest.approx((300, 150))
    assert not any("resolution" in phrase for phrase in losses(path, picture))


@pytest.mark.parametrize(
    ("suffix", "dpi", "kept"),
    [
        (".jpg", 76_200, False),
        (".jpg", 0.1, False),
        (".jpg", 65_000, True),
        (".png", 76_200, True),
        *((suffix, 4e9, False) for suffix in (".png", ".bmp", ".webp")),
    ],
)
def test_a_resolution_that_the_format_cannot_hold_is_left_out_and_that_is_said(tmp_path, suffix, dpi, kept):
    picture = replace(make_picture(3, np.uint8, alpha=False), metadata=Metadata(dpi=(dpi, dpi)))
    path = tmp_path / f"picture{suffix}"
    write_picture(path, picture)
    assert read_picture(path).metadata.dpi == (pytest.approx((dpi, dpi), rel=1e-4) if kept else None)
    assert ("the resolution is left out" in losses(path, picture)) != kept


def test_a_tiff_that_says_no_resolution_has_none(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif").metadata.dpi is None


def test_extended_xmp_is_lost_and_that_is_said(tmp_path):
    xmp = XMP.replace(b"<r ", b'<r xmpNote:HasExtendedXMP="0123" ')
    picture = replace(make_picture(3, np.uint8, alpha=False), metadata=Metadata(xmp=xmp))
    assert "extended XMP is left out" in losses(tmp_path / "a.jpg", picture)


def test_greys_profile_does_not_go_with_rgb(tmp_path):
    grey = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = replace(make_picture(1, np.uint8, alpha=True), metadata=Metadata(icc=grey[:16] + b"GRAY" + grey[20:]))
    assert "the colour profile is left out" in losses(tmp_path / "a.avif", picture)


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match=r"a\.jpg: is a pipe"):
        read_picture(tmp_path / "a.jpg")


def test_what_is_replaced_keeps_its_permissions(tmp_path, photograph):
    path = tmp_path / "private.png"
    write_image(path, photograph)
    path.chmod(0o600)
    write_image(path, photograph, overwrite=True)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("exif", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff", b"nonsense"])
def test_broken_exif_ends_no_picture(tmp_path, exif):
    path = tmp_path / "picture.jpg"
    Image.new("RGB", (16, 8)).save(path, exif=b"Exif\0\0" + exif)
    picture = read_picture(path)
    for suffix in WRITABLE_SUFFIXES:
        write_picture(tmp_path / f"out{suffix}", picture)
        assert read_picture(tmp_path / f"out{suffix}").pixels.shape[:2] == (8, 16)


# Colour


def test_a_colour_jpeg_stays_in_its_own_ycbcr(tmp_path, photograph):
    path = tmp_path / "colour.jpg"
    Image.fromarray(photograph).save(path, quality=40)
    picture = read_picture(path)
    assert picture.space == "YCbCr"
    with Image.open(path) as file:
        file.draft("YCbCr", None)
        np.testing.assert_array_equal(picture.pixels, np.asarray(file))
    with Image.open(path) as file:
        np.testing.assert_array_equal(read_image(path), np.asarray(file))
    np.testing.assert_array_equal(to_rgb(picture), np.rint(ycbcr_to_rgb(picture.pixels)).clip(0, 255))


def test_a_jpeg_that_stores_rgb_is_read_as_rgb(tmp_path, photograph):
    path = tmp_path / "rgb.jpg"
    Image.fromarray(photograph).save(path, quality=98, keep_rgb=True, subsampling="4:4:4")
    picture = read_picture(path)
    assert picture.space == "RGB"
    assert np.abs(picture.pixels.astype(int) - photograph).mean() < 2


@pytest.mark.parametrize(
    ("mode", "space", "has_alpha"),
    [
        ("1", "L", False),
        ("L", "L", False),
        ("LA", "L", True),
        ("P", "RGB", False),
        ("RGB", "RGB", False),
        ("RGBA", "RGB", True),
        ("I;16", "L", False),
    ],
)
def test_every_mode_of_png(tmp_path, photograph, mode, space, has_alpha):
    image = Image.fromarray(photograph)
    image = image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "picture.png")
    picture = read_picture(tmp_path / "picture.png")
    assert (picture.space, picture.alpha is not None) == (space, has_alpha)
    colour = image.convert("RGB") if space == "RGB" else image if mode == "I;16" else image.convert("L")
    np.testing.assert_array_equal(picture.pixels, np.asarray(colour))


def test_palettes(tmp_path, photograph):
    palette = Image.fromarray(photograph).quantize(16)
    palette.save(tmp_path / "keyed.png", transparency=bytes([0, 128] + [255] * 14))
    picture = read_picture(tmp_path / "keyed.png")
    index = np.asarray(palette)
    np.testing.assert_array_equal(picture.alpha, np.where(index == 0, 0, np.where(index == 1, 128, 255)))
    grey = Image.fromarray(photograph).convert("L").convert("P")
    grey.save(tmp_path / "grey.png")
    assert read_picture(tmp_path / "grey.png").space == "L"


@pytest.mark.parametrize("profile", [None, SRGB])
def test_cmyk_becomes_rgb_without_a_profile_of_another_space(tmp_path, photograph, profile):
    cmyk = Image.fromarray(photograph).convert("CMYK")
    cmyk.save(tmp_path / "ink.tif", icc_profile=profile and profile[:16] + b"CMYK" + profile[20:])
    picture = read_picture(tmp_path / "ink.tif")
    assert picture.space == "RGB" and picture.metadata.icc is None
    np.testing.assert_array_equal(picture.pixels, np.asarray(cmyk.convert("RGB")))


def test_the_first_of_several_frames_is_said(tmp_path, photograph):
    first, second = Image.fromarray(photograph), Image.fromarray(photograph[::-1])
    for name in ("a.gif", "a.webp", "a.tif", "a.png"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        picture = read_picture(tmp_path / name)
        assert picture.frames == 2, name
        assert picture.pixels.shape == photograph.shape, name


def test_read_and_write_image(tmp_path, photograph):
    like = replace(make_picture(3, np.uint16, alpha=True, shape=(96, 128)))
    write_image(tmp_path / "a.png", photograph, like=like)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), photograph)
    again = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(again.alpha, np.rint(like.alpha / 257))
    assert again.metadata.icc == SRGB
    with pytest.raises(ValueError, match="alpha's shape"):
        write_image(tmp_path / "b.png", photograph[:8], like=like)
    with pytest.raises(ValueError, match="expected"):
        write_image(tmp_path / "b.png", photograph.astype(float))
    assert not (tmp_path / "b.png").exists()


def test_quality_is_the_encoders_and_lossless_is_the_default_where_it_can_be(tmp_path, photograph):
    picture = Picture(photograph, "RGB")
    assert losses("a.jpg", picture) == ("lossy JPEG, quality 95",)
    assert losses("a.webp", picture) == losses("a.png", picture, quality=50) == ()
    assert losses("a.webp", picture, quality=50) == ("lossy WEBP, quality 50",)
    for name in ("a.jpg", "a.webp", "a.avif"):
        write_picture(tmp_path / name, picture, quality=20)
        small = (tmp_path / name).stat().st_size
        write_picture(tmp_path / name, picture, overwrite=True)
        assert (tmp_path / name).stat().st_size > 2 * small
    with Image.open(tmp_path / "a.jpg") as file:
        assert file.layer[0][1:3] == file.layer[1][1:3] == (1, 1)  # no chroma subsampling
    with pytest.raises(ValueError, match=r"1\.\.100"):
        write_picture(tmp_path / "b.jpg", picture, quality=0)


def test_avif_keeps_alpha_exactly(tmp_path):
    picture = make_picture(3, np.uint8, alpha=True, shape=(32, 40))
    write_picture(tmp_path / "a.avif", picture, quality=30)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.avif").alpha, picture.alpha)


def test_an_opaque_alpha_is_no_obstacle(tmp_path, photograph):
    opaque = Picture(photograph, "RGB", np.full(photograph.shape[:2], 255, np.uint8))
    write_picture(tmp_path / "a.jpg", opaque)
    assert read_picture(tmp_path / "a.jpg").alpha is None


def test_metadata_too_long_for_a_jpeg_is_said(tmp_path, photograph):
    picture = Picture(photograph, "RGB", metadata=Metadata(xmp=b"x" * 70_000))
    write_picture(tmp_path / "a.jpg", picture)
    assert "XMP is left out" in losses(tmp_path / "a.jpg", picture)
    write_picture(tmp_path / "a.png", picture)
    assert read_picture(tmp_path / "a.png").metadata.xmp == picture.metadata.xmp


# Rarer inputs


def test_a_multi_picture_jpeg_is_a_jpeg_of_several_frames(tmp_path, photograph):
    first, second = Image.fromarray(photograph), Image.fromarray(photograph[::-1])
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.format, picture.space, picture.frames) == ("JPEG", "YCbCr", 2)
    assert picture.pixels.shape == photograph.shape


def test_imagemagicks_exif_in_a_png(tmp_path):
    block = b"Exif\0\0" + make_exif(orientation=6)
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n")
    Image.new("RGB", (16, 8)).save(tmp_path / "a.png", pnginfo=text)
    picture = read_picture(tmp_path / "a.png")
    assert picture.pixels.shape == (16, 8, 3)
    assert picture.metadata.exif == make_exif(orientation=1)
