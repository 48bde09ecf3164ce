import sys

import numpy as np
import pytest
from PIL import Image

from artifix.codecs import CODECS, decode, degrade, degrade_file, encode
from artifix.color import ycbcr_to_rgb
from artifix.errors import CodecError, OutputError
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


NEEDS = {"hevc": "pillow_heif", "h264": "av"}
HERE = [name for name in CODECS if name != "bpg"]  # whose programs are faked in test_bpg.py


@pytest.fixture(params=HERE)
def codec(request):
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param])
    return request.param


def test_every_codec_gets_better_and_larger_from_its_worst_to_its_best(photograph, codec):
    factors = CODECS[codec].range
    tried = [factors[len(factors) * n // 12] for n in (1, 4, 8, 11)]
    files = [encode(photograph, codec, quality=factor) for factor in tried]
    sizes = [len(file) for file in files]
    errors = [error(decode(file, codec, shape=photograph.shape), photograph) for file in files]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 40 < errors[0]


def test_every_codec_keeps_shape_and_type(photograph, codec):
    used = CODECS[codec]
    for image in (photograph, photograph[..., 0].copy(), photograph[:1, :1], photograph[:3, :7]):
        for factor in (used.worst, used.range[len(used.range) // 2], used.best):
            degraded = degrade(image, codec, quality=factor)
            assert (degraded.shape, degraded.dtype) == (image.shape, np.uint8)


def test_full_chroma_keeps_colours_that_halved_chroma_does_not(codec):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (220, 60, 60), (60, 60, 220)
    fine = CODECS[codec].range[len(CODECS[codec].range) * 9 // 10]
    errors = {
        s: error(degrade(stripes, codec, quality=fine, subsampling=s), stripes) for s in CODECS[codec].subsamplings
    }
    assert "4:4:4" not in errors or all(errors["4:4:4"] < errors[s] / 4 for s in errors if s != "4:4:4")


def test_h264_carries_no_advertisement(photograph):
    pytest.importorskip("av")
    assert b"x264" not in encode(photograph, "h264", quality=30)


@pytest.mark.parametrize(("codec", "module"), NEEDS.items())
def test_a_codec_that_is_not_installed_says_what_it_needs(photograph, monkeypatch, codec, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CodecError, match=rf"{codec} needs .*pip install 'artifix\[codecs\]'"):
        encode(photograph, codec, quality=30)


def test_a_jpegs_own_ycbcr_becomes_its_rgb(photograph):
    data = encode(photograph, quality=30)
    rgb = np.rint(ycbcr_to_rgb(decode(data, ycbcr=True))).clip(0, 255)
    assert np.abs(rgb - decode(data)).max() <= 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"quality": 0},
        {"quality": 101},
        {"codec": "h264", "quality": 52},
        {"quality": 5, "codec": "gif"},
        {"quality": 5, "subsampling": "4"},
        {"quality": 5, "codec": "webp", "subsampling": "4:4:4"},
    ],
)
def test_what_cannot_be_is_refused(photograph, arguments):
    with pytest.raises(ValueError, match=str(next(iter(reversed(arguments.values()))))):
        encode(photograph, **arguments)


def test_an_image_that_came_back_smaller_is_refused(photograph):
    data = encode(photograph, quality=30)
    with pytest.raises(CodecError, match="jpeg gave an image of 128x96 pixels where 130x96 were coded"):
        decode(data, shape=(96, 130, 3))


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


@pytest.mark.parametrize(("codec", "suffix"), [("webp", ".webp"), ("jpeg2000", ".jp2"), ("avif", ".avif")])
def test_other_coded_files_are_written_as_they_are(photograph, tmp_path, codec, suffix):
    write_image(tmp_path / "in.png", photograph)
    degrade_file(tmp_path / "in.png", tmp_path / f"out{suffix}", codec, quality=30)
    assert (tmp_path / f"out{suffix}").read_bytes() == encode(photograph, codec, quality=30)
