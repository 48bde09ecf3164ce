import sys

import pytest

from artifix.codecs import degrade
from artifix.evaluate.perceptual import MetricUnavailableError, load_perceptual


def test_ssimulacra2_falls_with_the_quality(photograph):
    pytest.importorskip("ssimulacra2")
    metric = load_perceptual("ssimulacra2")
    assert metric(photograph, photograph) == 100
    good, bad = (metric(degrade(photograph, quality=quality), photograph) for quality in (90, 10))
    assert 100 > good > bad
    assert metric(degrade(photograph[..., 0].copy(), quality=90), photograph[..., 0].copy()) < 100


@pytest.mark.parametrize(("name", "package"), [("ssimulacra2", "ssimulacra2"), ("lpips", "torchmetrics")])
def test_a_missing_package_is_said(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MetricUnavailableError, match=f"not installed.*{package}"):
        load_perceptual(name)


def test_an_unknown_metric_is_an_error():
    with pytest.raises(ValueError, match="unknown metric 'vmaf'"):
        load_perceptual("vmaf")
