"""Pictures of 16 bits: nothing of them is lost, whoever wrote them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from artifix.errors import ImageError
from artifix.image import Picture, read_picture, write_picture


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    channels=st.integers(1, 4),
    suffix=st.sampled_from([".png", ".tif"]),
)
def test_sixteen_bits_survive_exactly(tmp_path, data, shape, channels, suffix):
    values = data.draw(arrays(np.uint16, (*shape, channels)))
    colour = values[..., 0] if channels < 3 else values[..., :3]
    alpha = values[..., -1] if channels in (2, 4) else None
    path = tmp_path / f"deep{suffix}"
    write_picture(path, Picture(colour, "L" if channels < 3 else "RGB", alpha), overwrite=True)
    again = read_picture(path)
    np.testing.assert_array_equal(again.pixels, colour)
    assert (again.alpha is None) == (alpha is None)
    if alpha is not None:
        np.testing.assert_array_equal(again.alpha, alpha)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bit_tiffs_of_another_writer(tmp_path, byteorder, compression, channels):
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(1).integers(0, 65536, (19, 23, channels)).astype(np.uint16)
    path = tmp_path / "deep.tif"
    tifffile.imwrite(
        path,
        values if channels > 1 else values[..., 0],
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        byteorder=byteorder,
        compression=compression,
        metadata=None,
    )
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, values[..., 0] if channels < 3 else values[..., :3])
    if channels in (2, 4):
        np.testing.assert_array_equal(picture.alpha, values[..., -1])


def test_another_reader_agrees_on_our_tiff(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(0).integers(0, 65536, (11, 13, 4)).astype(np.uint16)
    picture = Picture(values[..., :3], "RGB", values[..., 3])
    write_picture(tmp_path / "deep.tif", picture)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "deep.tif"), values)


def test_a_16_bit_transparent_colour_becomes_alpha(tmp_path):
    path = tmp_path / "key.png"
    grey = np.array([[1, 256, 257]], np.uint16)
    Image.fromarray(grey).save(path, transparency=256)
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, grey)
    np.testing.assert_array_equal(picture.alpha, [[65535, 0, 65535]])


@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha"])
def test_premultiplied_alpha_is_divided_out_in_16_bits(tmp_path, kind):
    tifffile = pytest.importorskip("tifffile")
    values = np.array([[[1000, 2000, 3000, 4000], [0, 0, 0, 0], [60000, 1, 2, 65535]]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=[kind], metadata=None)
    picture = read_picture(tmp_path / "a.tif")
    expected = values[..., :3]
    if kind == "assocalpha":
        expected = np.array([[[16384, 32768, 49151], [0, 0, 0], [60000, 1, 2]]])
    np.testing.assert_array_equal(picture.pixels, expected)
    np.testing.assert_array_equal(picture.alpha, values[..., 3])


def test_16_bit_tiffs_that_would_come_out_wrong_are_refused(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    planes = np.zeros((3, 8, 8), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate", metadata=None)
    with pytest.raises(ImageError, match="separate colour planes"):
        read_picture(tmp_path / "a.tif")


def test_white_is_zero(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    values = np.array([[0, 1, 65535]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite", metadata=None)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, 65535 - values)
