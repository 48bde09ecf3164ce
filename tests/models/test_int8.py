import dataclasses
import time

import numpy as np
import openvino
import openvino.opset13 as ops
import pytest

from artifix.codecs import decode, encode
from artifix.errors import ModelError
from artifix.evaluate.metrics import psnr
from artifix.models import int8
from artifix.models.runtime import openvino_core
from artifix.restoration import Restorer, openvino_engine
from artifix.restoration.engine import load_engine, read_card


@pytest.fixture
def small(make_model, tmp_path):
    """A small model with ranges, whatever they are, in its card."""
    from artifix.train.quantise import _with_card

    file = make_model(blocks=3)
    layers = [f"body.{block}.conv{number}" for block in range(3) for number in (1, 2)] + ["up", "tail"]
    card = dataclasses.replace(read_card(file), ranges=dict.fromkeys(layers, (-1.0, 1.0)))
    path = tmp_path / "ranged.onnx"
    path.write_bytes(_with_card(file.read_bytes(), card))
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

        def wait(batch, inside):
            end = time.process_time() + (0.1 if (network.precision == "int8") != (faster == "int8") else 0)
            while time.process_time() < end:
                pass
            return run(batch, inside)

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
    picture = ops.parameter([1, 1, 8, 8], np.float32)
    head, inner = np.ones((64, 1, 1, 1), np.float32), ops.constant(np.ones((64, 64, 3, 3), np.float32))
    inner.set_friendly_name("inner.weight")
    maps, none = ops.relu(ops.convolution(picture, head, [1, 1], [0, 0], [0, 0], [1, 1])), [0, 0]
    graph = openvino.Model([ops.convolution(maps, inner, [1, 1], none, none, [1, 1])], [picture])
    int8.quantise(graph, {"inner": (0, 1)})
    compiled = openvino_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_allclose(compiled(np.ones((1, 1, 8, 8), np.float32))[0], 9 * 64, rtol=0.02)


def test_a_model_without_ranges_is_floating_and_says_how_to_get_them(make_model):
    assert load_engine(make_model(), "openvino").precision != "int8"
    with pytest.raises(ModelError, match="no ranges for int8; `artifix quantise` measures them"):
        load_engine(make_model(), "openvino", "int8")


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_other_engines_refuse_it(engine):
    pytest.importorskip(engine)
    with pytest.raises(ModelError, match="only"):
        load_engine("mse", engine, "int8")
