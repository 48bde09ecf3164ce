from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from artifix.image.extras import EXTRAS
from artifix.image.formats import READABLE
from artifix.image.signature import SIGNATURE_BYTES, signature

AVIF = pytest.param("AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF"))


@pytest.mark.parametrize(
    "name", [AVIF, *(name for name in READABLE if name in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "JPEG2000", "GIF"))]
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_what_pillow_writes_is_known_by_its_first_bytes(name, mode):
    file = BytesIO()
    Image.new(mode, (20, 10)).save(file, name)
    assert signature(file.getvalue()[:SIGNATURE_BYTES]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf", "AVIF"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", ""),  # a video
        (b"\0\0\0\x14ftypisom\0\0\2\0isomheic", ""),  # the last brand lies behind the box
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
        (b"\xff\x0a\x7f", "JXL"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"BM\x96\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", "BMP"),
        (b"BMW: a list of cars, which is text", ""),
        (b"RIFF\x10\0\0\0WAVEfmt ", ""),
        (b"", ""),
    ],
)
def test_beginnings(head, name):
    assert signature(head) == name


@given(st.binary(max_size=SIGNATURE_BYTES))
def test_any_bytes_have_an_answer(head):
    assert signature(head) in {"", *READABLE, *EXTRAS}
    assert signature(b"BM" + head) in {"", "BMP"}
    assert signature(head[:4].ljust(4) + b"ftyp" + head) in {"", "AVIF", "HEIF", *READABLE, *EXTRAS}
