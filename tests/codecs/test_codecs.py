import numpy as np
import pytest
from PIL import Image

from artifix.codecs import decode, degrade, degrade_file, encode
from artifix.color import ycbcr_to_rgb
from artifix.errors import OutputError
from artifix.image import read_image, write_image


def error(image, target):
    return float(np.mean((image.astype(float) - target) ** 2))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_lower_quality_is_smaller_and_worse(photograph, subsampling):
    sizes, errors = [], []
    for quality in (5, 20, 60, 95):
        data = encode(photograph, quality=quality, subsampling=subsampling)
        sizes.append(len(data))
        errors.append(error(decode(data), photograph))
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


def test_degrade_is_encode_and_decode_and_keeps_the_shape(photograph):
    for image in (photograph, photograph[..., 0], photograph[:1, :1], photograph[:3, :7]):
        degraded = degrade(image, quality=10)
        assert (degraded.shape, degraded.dtype) == (image.shape, np.uint8)
        assert np.array_equal(degraded, decode(encode(image, quality=10)))


def test_a_jpegs_own_ycbcr_becomes_its_rgb(photograph):
    data = encode(photograph, quality=30)
    rgb = np.rint(ycbcr_to_rgb(decode(data, ycbcr=True))).clip(0, 255)
    assert np.abs(rgb - decode(data)).max() <= 1


@pytest.mark.parametrize(
    "arguments", [{"quality": 0}, {"quality": 101}, {"quality": 5, "codec": "gif"}, {"quality": 5, "subsampling": "4"}]
)
def test_what_cannot_be_is_refused(photograph, arguments):
    with pytest.raises(ValueError, match=str(next(iter(reversed(arguments.values()))))):
        encode(photograph, **arguments)


def test_a_jpeg_target_is_the_coded_file_and_another_its_pixels(photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    degrade_file(tmp_path / "in.png", tmp_path / "out.jpg", quality=12)
    degrade_file(tmp_path / "in.png", tmp_path / "out.png", quality=12)
    assert (tmp_path / "out.jpg").read_bytes() == encode(photograph, quality=12)
    assert np.array_equal(read_image(tmp_path / "out.png"), degrade(photograph, quality=12))
    with Image.open(tmp_path / "out.jpg") as file:
        assert file.format == "JPEG"


def test_an_existing_target_is_kept(photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    with pytest.raises(OutputError, match="exists"):
        degrade_file(tmp_path / "in.png", tmp_path / "in.png", quality=12)
