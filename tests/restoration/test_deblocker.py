import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.codecs import encode
from artifix.errors import ModelError
from artifix.evaluate.metrics import psnr
from artifix.image import Picture, read_image, read_picture
from artifix.restoration import Restorer, load_restorer

pytest.importorskip("numba")

from artifix.restoration.deblocker import Deblocker
from artifix.restoration.sa_dct import deblock
from artifix.restoration.verify import verify_picture


@pytest.fixture
def jpeg(tmp_path, photograph):
    """jpeg(grey) -> the path of the photograph as a JPEG at quality 10, and its target."""

    def make(grey=False):
        target = photograph[..., 0].copy() if grey else photograph
        path = tmp_path / "photo.jpg"
        path.write_bytes(encode(target, quality=10))
        return path, target

    return make


@pytest.mark.parametrize("grey", [True, False])
def test_a_file_gains_and_keeps_its_shape(jpeg, tmp_path, grey):
    path, target = jpeg(grey)
    record = load_restorer("sa-dct").restore_file(path, tmp_path / "restored.png")
    restored = read_image(tmp_path / "restored.png")
    assert record.status == "restored"
    assert restored.shape == target.shape
    assert psnr(restored, target) > psnr(read_image(path), target) + 0.4


def test_a_grey_picture_is_what_the_filter_makes_of_it(jpeg):
    picture = read_picture(jpeg(grey=True)[0])
    free = Deblocker(bound="never").restore_picture(picture)
    np.testing.assert_array_equal(free.pixels, deblock(picture.pixels, picture.tables))


def test_its_pictures_are_bounded_as_a_networks_are(jpeg):
    for grey in (False, True):
        picture = read_picture(jpeg(grey=grey)[0])
        assert verify_picture("a.jpg", picture, "a.png", Deblocker().restore_picture(picture)).possible


def test_strength_0_is_the_input_and_a_half_lies_halfway(jpeg):
    picture = read_picture(jpeg(grey=True)[0])
    untouched, half, full = (
        Deblocker(strength=strength).restore_picture(picture).pixels.astype(float) for strength in (0, 0.5, 1)
    )
    np.testing.assert_array_equal(untouched, picture.pixels)
    np.testing.assert_allclose(half, (untouched + full) / 2, atol=1)
    assert (full != untouched).any()
    with pytest.raises(ValueError, match="strength"):
        Deblocker(strength=1.5)


@pytest.mark.parametrize(
    ("name", "mode", "kind"),
    [("p.png", "RGB", "PNG"), ("p.webp", "L", "WEBP"), ("p.jpg", "CMYK", "an RGB or CMYK JPEG")],
)
def test_what_has_no_tables_of_its_planes_is_refused_in_one_line(tmp_path, photograph, name, mode, kind):
    path, target = tmp_path / name, tmp_path / "restored.png"
    Image.fromarray(photograph).convert(mode).save(path)
    with pytest.raises(ModelError, match=rf"{name}: sa-dct: needs the quantisation tables .* this is {kind}$"):
        Deblocker(force=True).restore_file(path, target)
    assert not target.exists()


def test_an_image_in_memory_is_refused(photograph):
    with pytest.raises(ModelError, match="this is no file"):
        Deblocker().restore_picture(Picture(photograph, "RGB"))


def test_a_picture_too_large_for_the_memory_is_refused(jpeg, tmp_path):
    with pytest.raises(ModelError, match=r"photo\.jpg: sa-dct: .* 1 MiB where --max-memory allows 0"):
        Deblocker(max_memory=100_000).restore_file(jpeg()[0], tmp_path / "restored.png")


def test_a_name_loads_what_it_names(make_model):
    assert isinstance(load_restorer("sa-dct"), Deblocker)
    assert isinstance(load_restorer(make_model(), strength=0.5, precision="fp32"), Restorer)
    with pytest.raises(ModelError, match="no weights"):
        load_restorer("sa-dct", detail=0.5)


def test_without_numba_it_says_what_it_needs(monkeypatch):
    monkeypatch.delitem(sys.modules, "artifix.restoration.sa_dct", raising=False)
    monkeypatch.setitem(sys.modules, "artifix.restoration.sa_dct.deblocking", None)
    with pytest.raises(ModelError, match=r"sa-dct: needs the extra 'peers', pip install 'artifix\[peers\]'"):
        Deblocker()


def test_the_command_line_has_it(jpeg, tmp_path, photograph):
    path, _ = jpeg()
    Image.fromarray(photograph).save(tmp_path / "other.png")
    command = ["restore", str(path), str(tmp_path / "other.png"), "-o", str(tmp_path / "out"), "--model", "sa-dct"]
    command.append("--force")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "other.png: sa-dct" in done.output
    assert (tmp_path / "out" / "photo.jpg").exists()
