import dataclasses
import time

import numpy as np
import pytest

from artifix.codecs import decode, encode
from artifix.engines import int8, openvino_engine
from artifix.engines.core import openvino_core
from artifix.engines.engine import load_engine
from artifix.engines.loaded import EngineCache
from artifix.engines.openvino_graph import build
from artifix.errors import ModelError
from artifix.evaluate.metrics import psnr
from artifix.models.catalog import read_model
from artifix.models.layers import PICTURE, Conv, Description
from artifix.models.model import Model
from artifix.models.networks.unet import UNetConfig
from artifix.restoration import Restorer


@pytest.fixture
def small(make_model, tmp_path):
    """A small model with ranges, whatever they are, in its card."""
    model = read_model(make_model(blocks=3))
    ranges = dict.fromkeys(int8.rounded_layers(model.description), (-1.0, 1.0))
    path = tmp_path / "ranged.safetensors"
    path.write_bytes(Model(dataclasses.replace(model.card, ranges=ranges), model.weights).to_bytes())
    return path


@pytest.fixture(scope="module")
def restorers():
    return [Restorer(precision=precision) for precision in ("fp32", "int8")]


@pytest.mark.parametrize("quality", [10, 40, 80])
def test_it_costs_little(restorers, photograph, quality):
    degraded = decode(encode(photograph, quality=quality))
    floating, whole = (psnr(restorer.restore_image(degraded), photograph) for restorer in restorers)
    assert floating - whole < 0.1
    assert whole > psnr(degraded, photograph)


def largest_step(image):
    """Between neighbours, in grey levels."""
    return max(np.abs(np.diff(image.astype(int), axis=axis)).max() for axis in (0, 1))


@pytest.mark.parametrize("quality", [10, 30, 80])
def test_a_smooth_sky_gets_no_bands(restorers, quality):
    y, x = np.mgrid[:96, :128]
    sky = np.stack((90 + y / 3, 130 + y / 4 + x / 16, 200 + y / 5), axis=2).round().astype(np.uint8)
    degraded = decode(encode(sky, quality=quality))
    floating, whole = (restorer.restore_image(degraded) for restorer in restorers)
    assert np.abs(floating.astype(int) - whole).max() <= 6  # measured: 5 at quality 10, 2 above
    # A band would end in a step; measured: 2 more at quality 10, 1 above.
    assert largest_step(whole) <= largest_step(floating) + 2
    assert psnr(degraded, sky) < psnr(whole, sky)
    assert psnr(floating, sky) - psnr(whole, sky) < 1.5  # measured: 1.28 dB at quality 10, 0.51 at 30, 0.38 at 80


@pytest.mark.parametrize("faster", ["int8", "floating"])
def test_auto_takes_what_is_faster_here_and_remembers_it(faster, small, tmp_path, monkeypatch):
    runner = openvino_engine._Compiled.runner

    def slowed(network):
        run = runner(network)

        def wait(*given):
            end = time.process_time() + (0.1 if (network.precision == "int8") != (faster == "int8") else 0)
            while time.process_time() < end:
                pass
            return run(*given)

        return wait

    monkeypatch.setenv("ARTIFIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(openvino_engine._Compiled, "runner", slowed)
    first = load_engine(small, "openvino")
    assert (first.precision == "int8") == (faster == "int8")
    monkeypatch.setattr(openvino_engine, "_compile", None)  # everything is remembered, the card too
    again = load_engine(small, "openvino")
    assert (again.precision, again.card, again.trim) == (first.precision, first.card, first.trim)


def test_no_sum_of_products_overflows():
    """As it would with kernels over all of a byte's values, where the processor adds products in 16 bits."""
    described = Description((Conv("head", PICTURE, 64, 1, slope=0), Conv("inner", "head", 64, padding="zeros")), 1)
    weights = {
        "head.weight": np.ones((64, 1, 1, 1)),
        "inner.weight": np.ones((64, 64, 3, 3)),
        "head.bias": np.zeros(64),
        "inner.bias": np.zeros(64),
    }
    graph = build(described, weights, {"inner": (0, 1)}).model
    compiled = openvino_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    made = compiled(np.ones((1, 1, 8, 8), np.float32))[0]
    np.testing.assert_allclose(made[..., 1:-1, 1:-1], 9 * 64, rtol=0.02)
    np.testing.assert_allclose(made[..., 0, 1:-1], 6 * 64, rtol=0.02)  # the border of zeros adds nothing


def test_zeros_around_maps_are_zeros_in_bytes_too():
    """Where a range begins below 0, the byte 0 is another value."""
    described = Description((Conv("head", PICTURE, 16, 1), Conv("inner", "head", 16, padding="zeros")), 1)
    weights = {
        "head.weight": np.ones((16, 1, 1, 1)),
        "inner.weight": np.ones((16, 16, 3, 3)),
        "head.bias": np.zeros(16),
        "inner.bias": np.zeros(16),
    }
    graph = build(described, weights, {"inner": (-3, 1)}).model
    compiled = openvino_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    made = compiled(np.ones((1, 1, 8, 8), np.float32))[0]
    np.testing.assert_allclose(made[0, 0, 0], 16 * np.array([4, 6, 6, 6, 6, 6, 6, 4]), rtol=0.02)


def test_what_reads_or_makes_the_picture_stays_floating():
    rounded = int8.rounded_layers(UNetConfig().description)
    convolutions = {layer.name for layer in UNetConfig().description.layers if isinstance(layer, Conv)}
    assert convolutions - rounded.keys() == {"head", "squares.widen", "tail"}
    assert rounded["down2.0.conv1"] == "head.told"


def test_a_model_without_ranges_is_floating_and_says_how_to_get_them(make_model):
    assert load_engine(make_model(), "openvino").precision != "int8"
    with pytest.raises(ModelError, match="no ranges for int8; `artifix quantise` measures them"):
        load_engine(make_model(), "openvino", "int8")


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_other_engines_refuse_it(engine):
    pytest.importorskip(engine)
    with pytest.raises(ModelError, match="only"):
        load_engine("mse", engine, "int8")


def test_flat_pictures_are_restored_in_floating_point(small, photograph, monkeypatch):
    monkeypatch.setattr(openvino_engine, "_fastest", lambda networks: networks[1])  # int8, wherever this runs
    restorer = Restorer(small)
    restored = {precision: Restorer(small, precision=precision) for precision in ("int8", "float")}
    flat = np.zeros_like(photograph)
    flat[20:40, 30:50] = (250, 20, 90)
    for image, precision in ((photograph, "int8"), (flat, "float")):
        assert (restorer.restore_image(image) == restored[precision].restore_image(image)).all()
    assert (restored["int8"].restore_image(flat) != restored["float"].restore_image(flat)).any()


def test_float_is_what_auto_took_where_that_is_floating_already(make_model):
    engines = EngineCache()
    automatic, floating = (Restorer(make_model(), precision=each, engines=engines) for each in ("auto", "float"))
    assert automatic.load() is floating.load()
