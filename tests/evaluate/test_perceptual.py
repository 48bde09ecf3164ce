import sys
import types
import urllib.error

import numpy as np
import pytest

from artifix.codecs import degrade
from artifix.color import luma
from artifix.errors import ModelError
from artifix.evaluate.further.mosquito import mosquito
from artifix.evaluate.further.texture import texture
from artifix.evaluate.further.vgg19 import VGG_LAYER
from artifix.evaluate.metric import MetricUnavailableError
from artifix.evaluate.registry import load_metric


@pytest.fixture(scope="module")
def vgg(tmp_path_factory):
    """A file of VGG19 to the measured layer, with random weights, named as torchvision names them."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from artifix.train.perceptual import LAYERS, _features

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    network = _features(LAYERS[VGG_LAYER])
    save_file({f"features.{name}": value for name, value in network.state_dict().items()}, path)
    return path


def test_the_vgg19_distance_grows_with_what_is_lost(photograph, vgg):
    metric = load_metric("vgg19", vgg)
    photograph = np.ascontiguousarray(photograph[:48, :64])
    assert metric(photograph, photograph) == 0
    good, bad = (metric(degrade(photograph, quality=quality), photograph) for quality in (90, 10))
    assert 0 < good < bad
    grey = luma(photograph)
    assert metric(degrade(grey, quality=10), grey) > 0


def test_a_vgg19_that_is_none_or_not_there(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "vgg.safetensors").write_bytes(b"none")
    with pytest.raises(ModelError, match=r"vgg\.safetensors: not a readable"):
        load_metric("vgg19", tmp_path / "vgg.safetensors")
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(MetricUnavailableError, match="give its file by --vgg"):
        load_metric("vgg19")


@pytest.mark.parametrize("figure", [texture, mosquito])
def test_what_is_seen_is_measured_on_luma(figure, photograph):
    metric = load_metric(figure.__name__)
    restored = degrade(photograph, quality=20)
    assert metric(restored, photograph) == figure(luma(restored), luma(photograph))
    grey = luma(photograph)
    assert metric(degrade(grey, quality=20), grey) == figure(degrade(grey, quality=20), grey)
    assert np.isfinite(metric(restored, photograph))


def test_ssimulacra2_falls_with_the_quality(photograph):
    pytest.importorskip("ssimulacra2")
    metric = load_metric("ssimulacra2")
    assert metric(photograph, photograph) == 100
    good, bad = (metric(degrade(photograph, quality=quality), photograph) for quality in (90, 10))
    assert 100 > good > bad
    assert metric(degrade(photograph[..., 0].copy(), quality=90), photograph[..., 0].copy()) < 100


@pytest.mark.parametrize(
    ("name", "package"), [("ssimulacra2", "ssimulacra2"), ("lpips", "torchmetrics"), ("vgg19", "torch")]
)
def test_a_missing_package_is_said(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "artifix.train.perceptual", raising=False)  # which may have its torch already
    with pytest.raises(MetricUnavailableError, match=f"not installed.*{package}"):
        load_metric(name)


@pytest.fixture
def torchmetrics(monkeypatch):
    """A stand-in of torchmetrics' names and shapes, which could not be installed here: the mean absolute difference."""
    pytest.importorskip("torch")

    class Lpips:
        error = None

        def __init__(self, net_type, normalize):
            assert (net_type, normalize) == ("alex", True)  # AlexNet; takes 0..1
            if self.error:
                raise self.error

        def __call__(self, first, second):
            for batch in (first, second):
                assert batch.shape[:2] == (1, 3)
                assert 0 <= batch.min() <= batch.max() <= 1
            return (first - second).abs().mean()

    module = types.ModuleType("torchmetrics.image.lpip")
    module.LearnedPerceptualImagePatchSimilarity = Lpips
    for name in ("torchmetrics", "torchmetrics.image"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "torchmetrics.image.lpip", module)
    return Lpips


def test_lpips_takes_colour_and_grey(torchmetrics, photograph):
    metric = load_metric("lpips")
    darker = photograph - np.minimum(photograph, 51)
    expected = (photograph.astype(float) - darker).mean() / 255
    assert metric(darker, photograph) == pytest.approx(expected, abs=1e-6)
    grey = luma(photograph)
    assert metric(grey, grey) == 0


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModuleNotFoundError("it needs torchvision"), "not installed .it needs torchvision"),
        (urllib.error.URLError("no network"), "weights are not here .*no network"),
    ],
)
def test_lpips_without_torchvision_or_its_weights_says_so(torchmetrics, monkeypatch, error, message):
    monkeypatch.setattr(torchmetrics, "error", error)
    with pytest.raises(MetricUnavailableError, match=message):
        load_metric("lpips")


def test_an_unknown_metric_is_an_error():
    with pytest.raises(ValueError, match="unknown metric 'vmaf'"):
        load_metric("vmaf")
