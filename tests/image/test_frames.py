"""Animations and pages come back whole, and with their times."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import ExifTags, Image

from artifix.errors import ImageError
from artifix.image import (
    Frame,
    Metadata,
    Picture,
    Text,
    holds_frames,
    limits,
    losses,
    read_frames,
    read_picture,
    write_frames,
    write_picture,
)

TIMES = [40, 120, 500]


@pytest.fixture
def pictures(photograph) -> list[np.ndarray]:
    return [np.ascontiguousarray(np.roll(photograph, 40 * shift, axis=1)) for shift in range(3)]


def animated(pictures, format: str, **options) -> bytes:
    file = io.BytesIO()
    first, *others = (Image.fromarray(picture) for picture in pictures)
    options = {"lossless": True} | options if format == "WEBP" else options
    first.save(file, format, save_all=True, append_images=others, duration=TIMES, **options)
    return file.getvalue()


@pytest.mark.parametrize("source", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("plays", [0, 1, 3])
def test_an_animation_comes_back_frame_by_frame(tmp_path, pictures, source, suffix, plays):
    loop = {} if (source, plays) == ("GIF", 1) else {"loop": plays - (source == "GIF" and plays > 0)}
    (tmp_path / "a").write_bytes(animated(pictures, source, **loop))
    assert holds_frames(tmp_path / f"b{suffix}", read_picture(tmp_path / "a"))
    frames = list(read_frames(tmp_path / "a"))
    assert [frame.milliseconds for frame in frames] == TIMES
    assert {frame.plays for frame in frames} == {plays}
    for frame, picture in zip(frames, pictures, strict=True):
        if source != "GIF":
            np.testing.assert_array_equal(frame.picture.pixels, picture)
        assert frame.picture.alpha is None
    write_frames(tmp_path / f"b{suffix}", frames)
    again = list(read_frames(tmp_path / f"b{suffix}"))
    assert [(frame.milliseconds, frame.plays) for frame in again] == [(time, plays) for time in TIMES]
    for frame, other in zip(frames, again, strict=True):
        np.testing.assert_array_equal(frame.picture.pixels, other.picture.pixels)


def test_a_clear_frame_stays_clear(tmp_path, pictures):
    alpha = np.tile(np.linspace(0, 255, 128).astype(np.uint8), (96, 1))
    frames = [Frame(Picture(picture, "RGB", alpha, metadata=Metadata(xmp=b"<x/>")), 50) for picture in pictures]
    for suffix in (".png", ".webp"):
        write_frames(tmp_path / f"a{suffix}", frames)
        for frame in read_frames(tmp_path / f"a{suffix}"):
            np.testing.assert_array_equal(frame.picture.alpha, alpha)
        assert read_picture(tmp_path / f"a{suffix}").metadata.xmp == b"<x/>"


def test_the_pages_of_a_tiff_keep_their_kinds_sizes_and_metadata(tmp_path, photograph):
    random = np.random.default_rng(0)
    deep = random.integers(0, 65536, (31, 17, 3)).astype(np.uint16)
    grey = np.ascontiguousarray(photograph[:41, :, 0])
    pages = []
    for number, pixels in enumerate((photograph, deep, grey)):
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = f"page {number}"
        exif[ExifTags.Base.ExifOffset] = {ExifTags.Base.ISOSpeedRatings: 100 + number}
        metadata = Metadata(exif.tobytes().removeprefix(b"Exif\0\0"), dpi=(100.0 + number, 100.0))
        pages.append(Frame(Picture(pixels, "L" if pixels.ndim == 2 else "RGB", metadata=metadata), 0))
    write_frames(tmp_path / "a.tif", pages)
    assert read_picture(tmp_path / "a.tif").frames == 3
    assert holds_frames(tmp_path / "b.tiff", read_picture(tmp_path / "a.tif"))
    assert not holds_frames(tmp_path / "b.png", read_picture(tmp_path / "a.tif"))
    for number, (page, again) in enumerate(zip(pages, read_frames(tmp_path / "a.tif"), strict=True)):
        np.testing.assert_array_equal(again.picture.pixels, page.picture.pixels)
        exif = Image.Exif()
        exif.load(again.picture.metadata.exif)
        assert exif[ExifTags.Base.ImageDescription] == f"page {number}"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 100 + number
        assert again.picture.metadata.dpi == pytest.approx((100 + number, 100))
    tifffile = pytest.importorskip("tifffile")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert [page.shape for page in file.pages] == [(96, 128, 3), (31, 17, 3), (41, 128)]
        np.testing.assert_array_equal(file.pages[1].asarray(), deep)


def test_of_too_many_frames_the_first_is_left(tmp_path, photograph):
    picture = Picture(photograph, "RGB", format="TIFF", frames=limits.PAGES)
    assert holds_frames("a.tif", picture)
    assert not holds_frames("a.tif", replace(picture, frames=limits.PAGES + 1))
    assert not holds_frames("a.png", replace(picture, format="GIF", frames=limits.FRAMES + 1))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_all_frames_together_count_against_the_limit(tmp_path, pictures, format):
    options = {} if format != "TIFF" else {"duration": None}
    file = io.BytesIO()
    first, *others = (Image.fromarray(picture) for picture in pictures)
    first.save(file, format, save_all=True, append_images=others, **options)
    (tmp_path / "a").write_bytes(file.getvalue())
    assert len(list(read_frames(tmp_path / "a", max_pixels=3 * 12_288))) == 3
    with pytest.raises(ImageError, match="--max-pixels"):
        list(read_frames(tmp_path / "a", max_pixels=3 * 12_288 - 1))


def test_a_frame_larger_than_its_gif_is_refused_before_it_is_decoded(tmp_path, pictures, monkeypatch):
    data = bytearray(animated(pictures, "GIF"))
    place = data.rindex(b"\x21\xf9\x04")  # the last frame's times, and behind them its place and size
    assert data[place + 8] == 0x2C
    data[place + 13 : place + 17] = struct.pack("<HH", 40_000, 40_000)
    (tmp_path / "a").write_bytes(data)
    picture = read_picture(tmp_path / "a", max_pixels=100_000)
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: load(self) if self.width < 1_000 else pytest.fail("decoded"))
    with pytest.raises(ImageError, match="--max-pixels"):
        list(read_frames(tmp_path / "a", max_pixels=100_000))
    assert picture.frames == 3


def few_colours(pictures) -> list[np.ndarray]:
    return [(picture // 64 * 64).astype(np.uint8) for picture in pictures]


@pytest.mark.parametrize("plays", [0, 1, 3])
@pytest.mark.parametrize("clear", [False, True])
def test_a_gif_of_few_colours_comes_back_exactly(tmp_path, pictures, plays, clear):
    alpha = np.full(pictures[0].shape[:2], 255, np.uint8)
    alpha[20:40, 30:60] = 0
    metadata = Metadata(xmp=b"<x:xmpmeta/>", texts=(Text("Comment", "by hand \xe9"),))
    frames = [
        Frame(Picture(picture, "RGB", np.roll(alpha, 9 * n, 0) if clear else None, metadata=metadata), time, plays)
        for n, (picture, time) in enumerate(zip(few_colours(pictures), TIMES, strict=True))
    ]
    write_frames(tmp_path / "a.gif", frames)
    again = list(read_frames(tmp_path / "a.gif"))
    assert [(frame.milliseconds, frame.plays) for frame in again] == [(time, plays) for time in TIMES]
    for frame, other in zip(frames, again, strict=True):
        visible = frame.picture.alpha != 0 if clear else np.s_[:]
        np.testing.assert_array_equal(frame.picture.pixels[visible], other.picture.pixels[visible])
        np.testing.assert_array_equal(frame.picture.alpha, other.picture.alpha)
    read = read_picture(tmp_path / "a.gif").metadata
    assert (read.xmp, [text.value for text in read.texts]) == (b"<x:xmpmeta/>", ["by hand \xe9"])


def test_a_gif_of_many_colours_is_close_and_says_so(tmp_path, photograph):
    picture = Picture(photograph, "RGB")
    assert losses(tmp_path / "a.gif", picture) == ("at most 256 colours are left",)
    half = replace(picture, alpha=np.full(photograph.shape[:2], 77, np.uint8))
    assert "pixels become either clear or opaque" in losses(tmp_path / "a.gif", half)
    write_picture(tmp_path / "a.gif", picture)
    found = read_picture(tmp_path / "a.gif")
    assert np.abs(found.pixels.astype(int) - photograph).mean() < 8
    grey = Picture(photograph[..., 1].copy(), "L")
    assert losses(tmp_path / "b.gif", grey) == ()
    write_picture(tmp_path / "b.gif", grey)
    np.testing.assert_array_equal(read_picture(tmp_path / "b.gif").pixels, grey.pixels)
