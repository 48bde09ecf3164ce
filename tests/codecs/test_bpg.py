import sys

import numpy as np
import pytest

from artifix.codecs import degrade, encode
from artifix.errors import CodecError

# As the real ones are called: bpgenc -q QP -f 420 -o OUT IN, bpgdec -o OUT IN.
ENCODER = """import sys
from PIL import Image
_, q, quality, f, chroma, o, target, source = sys.argv
assert (q, f, chroma, o) == ("-q", "-f", "420", "-o"), sys.argv
Image.open(source).save(target, "JPEG", quality=100 - int(quality))
"""
DECODER = """import sys
from PIL import Image
_, o, target, source = sys.argv
Image.open(source).convert("RGB").save(target)
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """programs(encoder, decoder) puts these Python programs on the PATH, as `bpgenc` and `bpgdec`, and nothing else."""

    def make(encoder, decoder):
        for name, program in (("bpgenc", encoder), ("bpgdec", decoder)):
            (tmp_path / name).write_text(f"#!{sys.executable}\n{program}")
            (tmp_path / name).chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    return make


def test_its_own_programs_do_the_work(programs, photograph):
    programs(ENCODER, DECODER)
    assert len(encode(photograph, "bpg", quality=20)) > len(encode(photograph, "bpg", quality=50))
    for image in (photograph, photograph[..., 0].copy()):
        degraded = degrade(image, "bpg", quality=20)
        assert degraded.shape == image.shape
        assert 0 < np.abs(degraded.astype(int) - image).mean() < 10


def test_without_them_it_says_where_they_are_from(programs, photograph):
    with pytest.raises(CodecError, match=r"bpg needs bpgenc on the PATH: https://bellard\.org/bpg"):
        encode(photograph, "bpg", quality=30)


def test_their_failure_is_told(programs, photograph):
    programs("import sys\nsys.exit('out of ideas')", DECODER)
    with pytest.raises(CodecError, match="bpgenc: out of ideas"):
        encode(photograph, "bpg", quality=30)
