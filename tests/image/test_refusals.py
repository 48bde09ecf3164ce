"""Inputs that cannot be read and outputs that cannot be written: one line each, and nothing lost."""

import resource
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.errors import ImageError, OutputError
from artifix.image import (
    FORMATS,
    WRITABLE_SUFFIXES,
    Picture,
    read_image,
    read_picture,
    write_image,
    write_picture,
)
from artifix.image import output as output_module
from artifix.image.pillow import quiet_pillow

READ = {
    "JPEG": {},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_lzw"},
    "BMP": {},
    "AVIF": {},
    "JPEG2000": {},
    "GIF": {},
}


def only_line(error: pytest.ExceptionInfo, path: Path) -> str:
    text = str(error.value)
    assert text.startswith(f"{path}: ") and "\n" not in text
    return text


@pytest.mark.parametrize("name", READ)
def test_a_truncated_file_is_never_half_a_picture(tmp_path, photograph, name):
    whole = BytesIO()
    Image.fromarray(photograph[:48, :64]).save(whole, name, **READ[name])
    data = whole.getvalue()
    path = tmp_path / "cut"
    path.write_bytes(data)
    expected = read_image(path)
    refused = 0
    for length in sorted({*range(0, len(data), max(1, len(data) // 40)), *range(len(data) - 8, len(data))}):
        path.write_bytes(data[:length])
        try:
            np.testing.assert_array_equal(read_image(path), expected)  # only what lies behind the pixels is missing
        except ImageError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
    assert refused >= 35


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"hello, this is a text", "not a picture"), (b"\xff\xd8\xff\xe0", "broken")],
)
def test_not_a_picture(tmp_path, content, reason):
    path = tmp_path / "file.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=reason) as error:
        read_picture(path)
    only_line(error, path)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(ImageError, match="No such file") as error:
        read_picture(tmp_path / "none.png")
    only_line(error, tmp_path / "none.png")
    with pytest.raises(ImageError, match="Is a directory") as error:
        read_picture(tmp_path)
    only_line(error, tmp_path)


def test_a_lying_suffix_is_read_by_content(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "a.jpg", "PNG")
    assert read_picture(tmp_path / "a.jpg").format == "PNG"


def test_other_formats_that_pillow_knows_are_out_of_reach(tmp_path, photograph):
    for name in ("PPM", "TGA", "ICO", "PDF"):
        Image.fromarray(photograph).save(tmp_path / "a.png", name)
        with pytest.raises(ImageError, match="not a picture"):
            read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("name", READ)
def test_too_many_pixels_are_refused_before_decoding(tmp_path, monkeypatch, photograph, name):
    path = tmp_path / "bomb"
    Image.fromarray(photograph).save(path, name)
    assert read_picture(path, max_pixels=photograph.shape[0] * photograph.shape[1]).pixels.size
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    for limit in (1, 6_000, 12_287):
        with pytest.raises(ImageError, match="--max-pixels") as error:
            read_picture(path, max_pixels=limit)
        only_line(error, path)


def test_pillows_own_settings_are_left_alone(tmp_path, photograph):
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    Image.fromarray(photograph).save(tmp_path / "a.png")
    read_picture(tmp_path / "a.png")
    with pytest.raises(ImageError):
        read_picture(tmp_path / "b.png")
    assert (limit, filters) == (Image.MAX_IMAGE_PIXELS, list(warnings.filters))


def test_threads_are_in_pillow_at_a_time_and_the_last_one_puts_its_settings_back():
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    together = threading.Barrier(2, timeout=10)

    def use():
        with quiet_pillow():
            together.wait()
            return Image.MAX_IMAGE_PIXELS

    with ThreadPoolExecutor(2) as pool:
        assert [use.result() for use in [pool.submit(use), pool.submit(use)]] == [None, None]
    assert (limit, filters) == (Image.MAX_IMAGE_PIXELS, list(warnings.filters))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_unsupported_pixels(tmp_path, mode):
    Image.new(mode, (4, 4)).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match="not supported") as error:
        read_picture(tmp_path / "a.tif")
    only_line(error, tmp_path / "a.tif")


def test_unknown_suffix_names_the_known(tmp_path, photograph):
    with pytest.raises(OutputError, match=r"\.j2k.*\.jpg.*\.png"):
        write_image(tmp_path / "a.j2k", photograph)


def test_an_existing_output_is_kept(tmp_path, photograph):
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already") as error:
        write_image(path, photograph)
    only_line(error, path)
    assert path.read_bytes() == b"precious"
    write_image(path, photograph, overwrite=True)
    assert read_image(path).shape == photograph.shape
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch, photograph, links):
    path = tmp_path / "a.png"
    publish = output_module._publish

    def other_writer_first(*args, **options):
        path.write_bytes(b"precious")
        publish(*args, **options)

    def no_links(*args):
        raise PermissionError

    monkeypatch.setattr(output_module, "_publish", other_writer_first)
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    with pytest.raises(OutputError, match="exists already"):
        write_image(path, photograph)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_without_hard_links_the_file_is_still_written(tmp_path, monkeypatch, photograph):
    def no_links(*args):
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    write_image(tmp_path / "a.png", photograph)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_a_full_disk_leaves_nothing(tmp_path, suffix):
    picture = Picture(np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8), "RGB")
    path = tmp_path / f"a{suffix}"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot be written \(File too large\)") as error:
            write_picture(path, picture)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    only_line(error, path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch, suffix):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("artifix.image.write.interleaved", interrupt)
    monkeypatch.setattr("artifix.image.tiff.interleaved", interrupt)
    monkeypatch.setattr("artifix.image.heif.interleaved", interrupt)
    monkeypatch.setattr("artifix.image.gif.to_rgb", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_picture(tmp_path / f"a{suffix}", Picture(np.zeros((11, 13, 3), np.uint8), "RGB"))
    assert not list(tmp_path.iterdir())


def test_folders_that_cannot_be_written_to(tmp_path, photograph):
    for path in (tmp_path / "none" / "a.png", Path("/proc/a.png")):
        with pytest.raises(OutputError, match="cannot be written") as error:
            write_image(path, photograph)
        only_line(error, path)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError):
        write_image(tmp_path / "folder.png", photograph, overwrite=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "folder.png"]


@pytest.mark.parametrize("format", [f for f in FORMATS if f.max_side < 2**31 - 1], ids=lambda f: f.name)
def test_sides_too_long_for_a_format(tmp_path, format):
    path = tmp_path / f"a{format.suffixes[0]}"
    with pytest.raises(OutputError, match=f"at most {format.max_side}") as error:
        write_image(path, np.zeros((1, format.max_side + 1), np.uint8))
    only_line(error, path)
    if format.name != "AVIF":  # minutes for its encoder
        write_image(path, np.zeros((1, format.max_side), np.uint8))
        assert read_image(path).shape[1] == format.max_side
