"""Large pictures are decoded in a child process: with the same result, within its limits, and until nobody waits."""

import dataclasses
import errno
import mmap
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.errors import ImageError
from artifix.image import child, decoding_in_children, large, read_frames, read_picture
from artifix.image.child import Allowance, allowance_for

AMPLE = allowance_for(1_000_000)


def add(path: Path, number: int) -> int:
    return number + 1


def processes(path: Path) -> Iterator[int]:
    while True:
        yield os.getpid()


def refuse(path: Path) -> None:
    raise ImageError(f"{path}: refused")


def spin(path: Path) -> None:
    while True:
        pass


def sleep(path: Path) -> None:
    time.sleep(1000)


def take_memory(path: Path) -> int:
    return len(bytes(3 << 30))


def crash(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def without_limits(path: Path, size: int) -> tuple[np.ndarray, bytes, np.ndarray]:
    return np.arange(size, dtype=np.int16), b"between", np.zeros((0, 3))


A = Path("a.jpg")


@pytest.fixture(autouse=True)
def this_module_is_found(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))


def test_what_a_function_returns_comes_back():
    assert child.call(A, AMPLE, lambda: None, add, A, 1) == 2
    numbers, text, empty = child.call(A, AMPLE, lambda: None, without_limits, A, 1_000_003)
    np.testing.assert_array_equal(numbers, np.arange(1_000_003, dtype=np.int16))
    assert (text, empty.shape) == (b"between", (0, 3))
    numbers[0] = 7  # as one of our own


def test_what_a_function_raises_is_raised():
    with pytest.raises(ImageError, match=r"^a\.jpg: refused$"):
        child.call(A, AMPLE, lambda: None, refuse, A)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (spin, "takes more than 1 s of processor time to decode"),
        (take_memory, "not enough memory to decode it"),
        (crash, "its decoder crashed (exit status -11)"),
    ],
)
def test_beyond_its_limits_it_ends_in_one_line(function, said):
    with pytest.raises(ImageError) as error:
        child.call(A, Allowance(1, 1 << 30), lambda: None, function, A)
    assert str(error.value) == f"a.jpg: {said}"


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_ends_when_nobody_waits_for_it():
    class LeftError(Exception):
        pass

    def leave():
        raise LeftError

    with pytest.raises(LeftError):
        child.call(A, AMPLE, leave, sleep, A)
    several = child.stream(A, AMPLE, lambda: None, processes, A)
    process = next(several)
    assert next(several) == process
    assert is_there(process)
    several.close()
    assert not is_there(process)


def test_only_pictures_that_are_much_are_decoded_there(tmp_path, monkeypatch):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    begun = []
    monkeypatch.setattr(child, "call", lambda *args, **kwargs: begun.append(args))
    read_picture(tmp_path / "a.png")
    with decoding_in_children():
        read_picture(tmp_path / "a.png")
        assert not begun
        monkeypatch.setattr(child, "SMALL_PIXELS", 64 * 48 - 1)
        read_picture(tmp_path / "a.png")
        assert len(begun) == 1
    read_picture(tmp_path / "a.png")
    assert len(begun) == 1


@pytest.mark.parametrize("fallocate", ["there", "full", "unknown"])
def test_large_arrays_lie_in_temporary_files_where_there_is_room(monkeypatch, tmp_path, fallocate):
    def full(descriptor, offset, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(large, "MOST_IN_MEMORY", 1_000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if fallocate == "full":
        monkeypatch.setattr(os, "posix_fallocate", full)
    elif fallocate == "unknown":
        monkeypatch.delattr(os, "posix_fallocate")
    small, array = large.empty((10, 50), np.uint16), large.empty((10, 51, 1), np.uint16)
    assert isinstance(base_of(array), mmap.mmap) == (fallocate == "there")
    assert not isinstance(base_of(small), mmap.mmap)
    assert (array.shape, array.dtype) == ((10, 51, 1), np.uint16)
    array[:] = 7
    assert (array == 7).all() and not list(tmp_path.iterdir())  # which has no name


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs files in memory")
def test_a_large_message_arrives_without_room_for_temporary_files(monkeypatch, tmp_path):
    monkeypatch.setattr(child, "MOST_IN_MEMORY", 1_000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    pixels = np.arange(2_000, dtype=np.uint16)
    near, far = socket.socketpair()
    with near, far:
        child._send(near, pixels)
        np.testing.assert_array_equal(child._receive(far), pixels)


def base_of(array):
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def same(one, other):
    for name in ("pixels", "alpha", "coefficients"):
        here, there = getattr(one, name), getattr(other, name)
        if name == "coefficients" and here is not None:
            for ours, theirs in zip(here.components, there.components, strict=True):
                np.testing.assert_array_equal(ours.quantised, theirs.quantised)
        else:
            np.testing.assert_array_equal(here, there)
    without = {"pixels": None, "alpha": None, "coefficients": None}
    assert dataclasses.asdict(dataclasses.replace(one, **without)) == dataclasses.asdict(
        dataclasses.replace(other, **without)
    )


@pytest.mark.parametrize("most", [10**9, 1_000])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "deep.png", "a.webp", "a.tif", "cut.jpg", "no.png", "none.png"])
def test_pictures_are_the_same(tmp_path, photograph, monkeypatch, name, most):
    for module in (large, child):
        monkeypatch.setattr(module, "MOST_IN_MEMORY", most)
    image = Image.fromarray(photograph)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    image.save(tmp_path / "a.jpg", exif=exif, comment=b"of the sea")
    image.putalpha(image.convert("L"))
    for file in ("a.png", "a.webp", "a.tif"):
        image.save(tmp_path / file)
    Image.fromarray(photograph[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-500])
    (tmp_path / "no.png").write_bytes(b"no picture")

    def read():
        try:
            return read_picture(tmp_path / name)
        except ImageError as error:
            return str(error)

    here = read()
    monkeypatch.setattr(child, "SMALL_PIXELS", 0)
    with decoding_in_children():
        there = read()
    if isinstance(here, str):
        assert there == here
    else:
        same(here, there)


def test_frames_are_the_same(tmp_path, photograph):
    frames = [Image.fromarray(np.roll(photograph, 9 * number, axis=1)) for number in range(3)]
    for name, options in (("a.png", {"duration": [40, 80, 120]}), ("a.tif", {})):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        here = list(read_frames(tmp_path / name))
        with decoding_in_children():
            there = list(read_frames(tmp_path / name))
        assert len(here) == len(there) == 3
        for one, other in zip(here, there, strict=True):
            assert (one.milliseconds, one.plays) == (other.milliseconds, other.plays)
            same(one.picture, other.picture)
