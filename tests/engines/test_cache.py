import hashlib
import os

import numpy as np
import pytest

from artifix.engines.cache import cache_folder, read_cached, write_cached
from artifix.engines.core import openvino_core
from artifix.engines.engine import load_engine

BATCH = np.zeros((1, 3, 8, 8), np.float32)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTIFIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch):
    """How often OpenVINO was asked to compile."""
    asked = []

    class Core:
        def __getattr__(self, name):
            if name == "compile_model":
                asked.append(name)
            return getattr(openvino_core(), name)

    core = Core()
    monkeypatch.setattr("artifix.engines.openvino_engine.openvino_core", lambda: core)
    return asked


def test_a_model_is_compiled_once(cache, compiled, make_model):
    first, second = (load_engine(make_model(), "openvino", "fp32")(BATCH).copy() for _ in range(2))
    assert len(compiled) == 1
    assert len(list(cache.iterdir())) == 1
    np.testing.assert_array_equal(first, second)
    load_engine(make_model(seed=1), "openvino", "fp32")
    assert len(compiled) == 2


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-9], lambda data: data[:-9] + bytes(9)])
def test_a_damaged_one_is_compiled_anew(cache, compiled, make_model, damage):
    expected = load_engine(make_model(), "openvino", "fp32")(BATCH).copy()
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    np.testing.assert_array_equal(load_engine(make_model(), "openvino", "fp32")(BATCH), expected)
    assert len(compiled) == 2
    assert file.read_bytes()[32:]


@pytest.mark.parametrize(
    "content", [b"no JSON", b"[1]\n", b"{}\n", b"\xff", b'{"card": "", "precision": 1, "trimmed": 0}\n']
)
def test_a_whole_one_of_something_else_is_compiled_anew(cache, compiled, make_model, content):
    load_engine(make_model(), "openvino", "fp32")
    (file,) = cache.iterdir()
    file.write_bytes(hashlib.sha256(content).digest() + content)
    load_engine(make_model(), "openvino", "fp32")
    assert len(compiled) == 2


def test_where_it_cannot_be_written_all_goes_on(tmp_path, monkeypatch, make_model):
    (tmp_path / "file").write_text("in the way")
    for place in (str(tmp_path / "file"), "/dev/null/cache", ""):
        monkeypatch.setenv("ARTIFIX_CACHE", place)
        assert load_engine(make_model(), "openvino", "fp32")(BATCH).shape == BATCH.shape
    assert cache_folder() is None


def test_it_keeps_the_last_sixteen(cache):
    for number in range(20):
        write_cached(str(number), b"content")
        for age, file in enumerate(sorted(cache.iterdir(), key=lambda kept: kept.stat().st_mtime, reverse=True)):
            os.utime(file, (1e9 - age, 1e9 - age))
    assert len(list(cache.iterdir())) == 16
    assert read_cached("19") == b"content"
    assert read_cached("0") is None
