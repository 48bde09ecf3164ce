import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.codecs import degrade
from artifix.errors import CodecError, ImageError
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


def test_the_help_names_the_extra():
    assert "artifix[codecs]" in CliRunner().invoke(app, ["degrade", "--help"], env={"COLUMNS": "200"}).output


def told(source, target, *options):
    done = CliRunner().invoke(app, ["degrade", str(source), "-o", str(target), "--quality", "30", *options])
    assert done.exit_code == 0, done.output
    assert target.exists()
    return done.stderr


def test_what_is_lost_beside_is_said_in_one_line(picture, photograph, tmp_path):
    assert told(picture, tmp_path / "fine.jpg") == ""
    twice = tmp_path / "twice.jpg"
    assert told(picture, twice, "--codec", "webp") == f"artifix: {twice}: coded once more: lossy JPEG, quality 95\n"
    rgba = np.dstack([photograph, np.full(photograph.shape[:2], 255, np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "opaque.png")
    assert told(tmp_path / "opaque.png", tmp_path / "opaque.jpg") == ""
    rgba[0, 0, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "holes.png")
    for name in ("holes.jpg", "holes-too.png"):
        assert (
            told(tmp_path / "holes.png", tmp_path / name) == f"artifix: {tmp_path / name}: transparency is left out\n"
        )
    write_image(tmp_path / "deep.png", photograph.astype(np.uint16) * 257)
    assert told(tmp_path / "deep.png", tmp_path / "deep.jpg").endswith("deep.jpg: 16 bits become 8\n")


def test_a_jpeg_is_degraded_as_the_library_reads_it(photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "in.jpg")
    told(tmp_path / "in.jpg", tmp_path / "out.png")
    assert (read_image(tmp_path / "out.png") == degrade(read_image(tmp_path / "in.jpg"), quality=30)).all()


def test_too_many_pixels_are_refused(picture, tmp_path):
    command = ["degrade", picture, "-o", tmp_path / "out.png", "--quality", "30", "--max-pixels", "100"]
    with pytest.raises(ImageError, match="--max-pixels"):
        CliRunner().invoke(app, list(map(str, command)), catch_exceptions=False)


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
