import numpy as np
import pytest

from artifix.codecs import degrade
from artifix.errors import ModelError
from artifix.evaluate.blends import load_blends
from artifix.restoration import Restorer


@pytest.fixture(scope="module")
def pair(make_model, change_model, tmp_path_factory):
    """A faithful model, and a vivid one whose last bias is larger: the two then differ by a constant alone."""
    path = tmp_path_factory.mktemp("blends") / "vivid.safetensors"
    brighter = {"tail.bias": np.array([0.25, 0, 0])}
    return make_model(), change_model(make_model(), path, lambda name, values: values + brighter.get(name, 0))


def test_where_the_networks_differ_by_a_constant_both_ways_are_one(pair, photograph, monkeypatch):
    monkeypatch.setattr("artifix.models.blending._MIN_COSINE", -1.0)  # that constant begins at nothing
    degraded = degrade(photograph // 2, quality=20)
    weights, outputs = load_blends(0.25, *pair)
    assert (weights.name, outputs.name) == ("detail 0.25, weights", "detail 0.25, outputs")
    first, second = (method.restore(degraded, b"") for method in (weights, outputs))
    assert first.shape == second.shape == degraded.shape
    assert first.dtype == second.dtype == np.uint8
    ends = [Restorer(path).restore_image(degraded).astype(float) for path in pair]
    unclipped = ((np.array(ends) > 0) & (np.array(ends) < 255)).all(axis=0)
    assert unclipped.mean() > 0.2
    for restored in (first, second):
        np.testing.assert_allclose(restored[unclipped], (0.75 * ends[0] + 0.25 * ends[1])[unclipped], atol=2.1)
    assert np.abs(ends[1] - ends[0])[unclipped].mean() > 20


def test_a_model_trained_on_is_measured_again(pair, monkeypatch):
    monkeypatch.setattr("artifix.models.blending._MIN_COSINE", -1.0)
    prints = [method.fingerprint for detail in (0.25, 0.5) for method in load_blends(detail, *pair)]
    assert len(set(prints)) == 3  # what the outputs are made of is the same, their names tell the details apart


def test_what_does_not_fit_is_refused(make_model):
    with pytest.raises(ModelError, match="cannot be blended"):
        load_blends(0.5, make_model(), make_model(seed=1))
