"""A model that has a companion for coarse JPEGs: `ar-cnn`, whose authors trained one network a quality."""

import shutil

import numpy as np
import pytest

from artifix.codecs import decode, encode
from artifix.evaluate.methods import load_methods
from artifix.evaluate.metrics import psnr
from artifix.image import read_picture
from artifix.models import catalog
from artifix.restoration import Restorer


@pytest.fixture(scope="module")
def restorer():
    return Restorer("ar-cnn", precision="fp32")


@pytest.mark.parametrize(("quality", "model"), [(5, "ar-cnn-10"), (14, "ar-cnn-10"), (15, "ar-cnn"), (90, "ar-cnn")])
def test_a_jpegs_tables_choose(restorer, photograph, tmp_path, quality, model):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(photograph, quality=quality))
    assert restorer.restore_file(path, tmp_path / "restored.png").model == model


def test_without_tables_there_is_no_choice(restorer, photograph, tmp_path):
    path = tmp_path / "picture.webp"
    path.write_bytes(encode(photograph, "webp", quality=1))
    assert restorer.restore_file(path, tmp_path / "restored.png").model == "ar-cnn"


def test_a_table_of_results_is_made_by_the_same_choice(photograph):
    grey = photograph[..., 0].copy()
    file = encode(grey, quality=10)
    degraded = decode(file)
    both, coarse = load_methods(["ar-cnn", "ar-cnn-10"])
    restored = both.restore(degraded, file)
    assert np.array_equal(restored, coarse.restore(degraded, file))
    assert not np.array_equal(restored, both.restore(degraded, b""))
    assert psnr(restored, grey) > psnr(both.restore(degraded, b""), grey)
    assert both.fingerprint != coarse.fingerprint


def test_a_model_of_ones_own_has_no_companion_whatever_it_is_called(make_model, photograph, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(photograph, quality=10))
    own = Restorer(shutil.copy(make_model(), tmp_path / "ar-cnn.safetensors"))
    expected = Restorer(make_model()).restore_picture(read_picture(path)).pixels
    assert np.array_equal(own.restore_picture(read_picture(path)).pixels, expected)


def test_a_blend_has_none(make_model, photograph, tmp_path, monkeypatch):
    faithful = str(make_model(channels=1))
    monkeypatch.setitem(catalog._FOR_COARSE, faithful, "ar-cnn-10")
    vivid = shutil.copy(faithful, tmp_path / "vivid.safetensors")
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(photograph, quality=10))
    for detail, model in ((0, "ar-cnn-10"), (0.5, faithful)):
        restorer = Restorer(faithful, detail=detail, vivid=vivid)
        assert restorer.restore_file(path, tmp_path / f"{detail}.png").model == model
