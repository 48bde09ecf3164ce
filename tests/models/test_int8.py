import numpy as np
import pytest

from artifix.codecs import decode, encode
from artifix.errors import ModelError
from artifix.evaluate.metrics import psnr
from artifix.restoration import Restorer
from artifix.restoration.engine import load_engine
from artifix.restoration.processor import multiplies_bytes

needs_bytes = pytest.mark.skipif(not multiplies_bytes(), reason="the processor has neither VNNI nor AMX")


@pytest.fixture(scope="module")
def restorers():
    return [Restorer(precision=precision) for precision in ("fp32", "int8")]


@needs_bytes
@pytest.mark.parametrize("quality", [10, 40, 80])
def test_it_costs_little(restorers, photograph, quality):
    degraded = decode(encode(photograph, quality=quality))
    floating, whole = (psnr(restorer.restore_image(degraded), photograph) for restorer in restorers)
    assert floating - whole < 0.1
    assert whole > psnr(degraded, photograph)


def largest_step(image):
    """Between neighbours, in grey levels."""
    return max(np.abs(np.diff(image.astype(int), axis=axis)).max() for axis in (0, 1))


@needs_bytes
@pytest.mark.parametrize("quality", [10, 30, 80])
def test_a_smooth_sky_gets_no_bands(restorers, quality):
    y, x = np.mgrid[:96, :128]
    sky = np.stack((90 + y / 3, 130 + y / 4 + x / 16, 200 + y / 5), axis=2).round().astype(np.uint8)
    degraded = decode(encode(sky, quality=quality))
    floating, whole = (restorer.restore_image(degraded) for restorer in restorers)
    assert np.abs(floating.astype(int) - whole).max() <= 6  # measured: 5 at quality 10, 2 above
    assert largest_step(whole) <= largest_step(floating) + 1  # a band would end in a step
    assert psnr(degraded, sky) < psnr(whole, sky)
    assert psnr(floating, sky) - psnr(whole, sky) < 1.5  # measured: 1.28 dB at quality 10, 0.51 at 30, 0.38 at 80


@needs_bytes
def test_it_is_what_auto_takes_where_the_processor_multiplies_bytes():
    assert load_engine("mse", "openvino").precision == "int8"
    assert load_engine("mse", "openvino", "fp32").precision == "fp32"


def test_a_processor_without_such_instructions_stays_floating(monkeypatch):
    monkeypatch.setattr("artifix.restoration.engine.multiplies_bytes", lambda: False)
    assert load_engine("mse", "openvino").precision in ("bf16", "fp32")


def test_a_model_without_ranges_is_floating_and_says_how_to_get_them(make_model):
    assert load_engine(make_model(), "openvino").precision != "int8"
    with pytest.raises(ModelError, match="no ranges for int8; `artifix quantise` measures them"):
        load_engine(make_model(), "openvino", "int8")


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_other_engines_refuse_it(engine):
    pytest.importorskip(engine)
    with pytest.raises(ModelError, match="only"):
        load_engine("mse", engine, "int8")
