import numpy as np
import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.codecs import degrade
from artifix.errors import CodecError
from artifix.image import read_image, write_image


@pytest.fixture
def picture(photograph, tmp_path):
    write_image(tmp_path / "in.png", photograph)
    return tmp_path / "in.png"


def test_another_codec(picture, photograph, tmp_path):
    command = ["degrade", picture, "-o", tmp_path / "out.png", "--codec", "jpeg2000", "--quality", "120"]
    done = CliRunner().invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    assert (read_image(tmp_path / "out.png") == degrade(photograph, "jpeg2000", quality=120)).all()


@pytest.mark.parametrize("codec", ["jpeg", "webp", "avif"])
def test_a_picture_too_large_for_a_codec_is_one_line(tmp_path, codec):
    write_image(tmp_path / "long.png", np.zeros((1, 70_000), np.uint8))
    command = ["degrade", tmp_path / "long.png", "-o", tmp_path / "out.png", "--codec", codec, "--quality", "30"]
    with pytest.raises(CodecError, match=f"^{tmp_path}/long.png: {codec} cannot code 70000x1 pixels"):
        CliRunner().invoke(app, list(map(str, command)), catch_exceptions=False)


@pytest.mark.parametrize(
    "options",
    [
        ["--codec", "gif", "--quality", "5"],
        ["--codec", "h264", "--quality", "52"],
        ["--quality", "101"],
        ["--codec", "webp", "--quality", "5", "--subsampling", "4:4:4"],
    ],
)
def test_what_a_codec_does_not_have_is_refused(picture, tmp_path, options):
    done = CliRunner().invoke(app, ["degrade", str(picture), "-o", str(tmp_path / "out.png"), *options])
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "out.png").exists()
