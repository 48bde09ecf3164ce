import sys
import types

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from artifix.color import to_batch, ycbcr_to_rgb
from artifix.errors import ModelError
from artifix.train.perceptual import LAYERS, load_perceptual_loss


def ycbcr(seed: int, side: int = 16):
    return np.random.default_rng(seed).uniform(0, 255, (side, side, 3)).astype(np.float32)


def batch(planes):
    return torch.from_numpy(to_batch(planes))


def ycbcr_of_grey(luma):
    return np.stack([luma, np.full_like(luma, 128), np.full_like(luma, 128)], axis=-1)


def test_layers_lie_where_torchvision_has_them():
    assert len(LAYERS) == 16
    places = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5, "conv2_2": 7, "conv3_1": 10, "conv3_4": 16, "conv4_4": 25}
    assert places | {"conv5_3": 32, "conv5_4": 34} == {name: LAYERS[name] for name in [*places, "conv5_3", "conv5_4"]}


def test_it_is_eq_8_on_normalised_rgb(vgg):
    first, second = ycbcr(1), ycbcr(2)
    state = load_file(vgg)

    def features(planes):
        rgb = ycbcr_to_rgb(planes) / 255
        normal = (rgb - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
        maps = torch.from_numpy(normal.transpose(2, 0, 1)[None].astype(np.float32))
        maps = F.conv2d(maps, state["features.0.weight"], state["features.0.bias"], padding=1).relu()
        return F.conv2d(maps, state["features.2.weight"], state["features.2.bias"], padding=1)

    noise = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
    noise = ycbcr_of_grey(noise[0, 0].numpy())
    by_hand = (features(first) - features(second)).square().mean().item() / features(noise).square().mean().item()
    loss = load_perceptual_loss(vgg, {"conv1_2": 1.0})
    assert loss(batch(first), batch(second)).item() == pytest.approx(by_hand, rel=1e-4)


def test_the_scale_in_which_a_file_keeps_vgg19_does_not_matter(tmp_path, vgg):
    state = load_file(vgg)
    for name in ("weight", "bias"):
        state[f"features.2.{name}"] *= 300
    save_file(state, tmp_path / "larger.safetensors")
    first, second = batch(ycbcr(1)), batch(ycbcr(2))
    losses = [load_perceptual_loss(path, {"conv1_2": 1.0}) for path in (vgg, tmp_path / "larger.safetensors")]
    assert losses[0](first, second).item() == pytest.approx(losses[1](first, second).item(), rel=1e-4)


def test_it_is_symmetric_and_nothing_for_equals(vgg):
    loss = load_perceptual_loss(vgg, {"conv1_1": 1.0, "conv2_1": 0.5})
    first, second = batch(ycbcr(1)), batch(ycbcr(2))
    assert loss(first, first).item() == 0
    assert loss(first, second).item() == pytest.approx(loss(second, first).item(), rel=1e-5)
    assert loss(first, second).item() > 0


def test_layers_add_up_with_their_weights_in_any_order(vgg):
    first, second = batch(ycbcr(3)), batch(ycbcr(4))
    alone = {name: load_perceptual_loss(vgg, {name: 1.0})(first, second).item() for name in ("conv1_1", "conv2_1")}
    both = load_perceptual_loss(vgg, {"conv2_1": 0.5, "conv1_1": 2.0})(first, second).item()
    assert both == pytest.approx(2 * alone["conv1_1"] + 0.5 * alone["conv2_1"], rel=1e-5)


@pytest.mark.parametrize(("pooling", "pool"), [("max", F.max_pool2d), ("average", F.avg_pool2d)])
def test_its_poolings_are_maxima_or_means(vgg, pooling, pool):
    state, loss = load_file(vgg), load_perceptual_loss(vgg, {"conv2_1": 1.0}, pooling)

    def features(maps):
        for place in (0, 2):
            maps = F.conv2d(maps, state[f"features.{place}.weight"], state[f"features.{place}.bias"], padding=1).relu()
        return F.conv2d(pool(maps, 2), state["features.5.weight"], state["features.5.bias"], padding=1)

    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    maps = picture
    for layer in loss.network:
        maps = layer(maps)
    torch.testing.assert_close(maps, features(picture))


def test_luma_counts_as_grey(vgg):
    loss = load_perceptual_loss(vgg, {"conv1_2": 1.0})
    first, second = ycbcr(5), ycbcr(6)
    first[..., 1:] = second[..., 1:] = 128
    of_luma = loss(batch(first[..., :1]), batch(second[..., :1])).item()
    assert of_luma == pytest.approx(loss(batch(first), batch(second)).item(), rel=1e-3)


def test_only_the_restored_batch_gets_a_gradient(vgg):
    loss = load_perceptual_loss(vgg, {"conv1_2": 1.0})
    restored, target = batch(ycbcr(7)).requires_grad_(), batch(ycbcr(8)).requires_grad_()
    loss(restored, target).backward()
    assert restored.grad.abs().max() > 0
    assert target.grad is None
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_descending_it_brings_features_closer(vgg):
    loss = load_perceptual_loss(vgg, {"conv1_2": 1.0})
    restored, target = batch(ycbcr(9)).requires_grad_(), batch(ycbcr(10))
    before = loss(restored, target)
    before.backward()
    with torch.no_grad():
        assert loss(restored - restored.grad, target) < before


def test_a_file_without_the_layer_is_refused_with_the_layers_it_has(vgg):
    with pytest.raises(
        ModelError, match=r"vgg\.safetensors: no layer conv5_3 in it; it has conv1_1, conv1_2, conv2_1$"
    ):
        load_perceptual_loss(vgg, {"conv1_1": 1.0, "conv5_3": 1.0})


def test_a_file_that_is_not_vgg19_is_refused(tmp_path, vgg):
    (tmp_path / "junk.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"junk\.safetensors: not a readable safetensors file"):
        load_perceptual_loss(tmp_path / "junk.safetensors", {"conv1_1": 1.0})
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="it has none of VGG19"):
        load_perceptual_loss(tmp_path / "other.safetensors", {"conv1_1": 1.0})
    narrow = load_file(vgg) | {"features.0.weight": torch.zeros(32, 3, 3, 3)}
    save_file(narrow, tmp_path / "narrow.safetensors")
    with pytest.raises(ModelError, match=r"narrow\.safetensors: not VGG19"):
        load_perceptual_loss(tmp_path / "narrow.safetensors", {"conv1_1": 1.0})


def test_without_a_file_it_is_torchvisions(monkeypatch, vgg):
    def stored(**_):
        return load_file(vgg) | {"classifier.0.weight": torch.zeros(1)}

    models = types.ModuleType("torchvision.models")
    models.VGG19_Weights = types.SimpleNamespace(IMAGENET1K_V1=types.SimpleNamespace(get_state_dict=stored))
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    first, second = batch(ycbcr(1)), batch(ycbcr(2))
    layers = {"conv2_1": 1.0}
    assert load_perceptual_loss(None, layers)(first, second) == load_perceptual_loss(vgg, layers)(first, second)


@pytest.mark.parametrize(("problem", "message"), [(ImportError(), "--vgg"), (OSError("no network"), "no network")])
def test_where_torchvision_has_none_it_is_said_how_to_give_one(monkeypatch, problem, message):
    def fail(**_):
        raise problem

    models = types.ModuleType("torchvision.models")
    models.VGG19_Weights = types.SimpleNamespace(IMAGENET1K_V1=types.SimpleNamespace(get_state_dict=fail))
    monkeypatch.setitem(sys.modules, "torchvision", types.ModuleType("torchvision"))
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    with pytest.raises(ModelError, match=message):
        load_perceptual_loss(None, {"conv1_1": 1.0})


@pytest.mark.data
def test_the_shared_weights_load_to_conv3_4_and_no_deeper(evaluation_data):
    path = evaluation_data / "weights" / "vgg19_conv3_4.safetensors"
    loss = load_perceptual_loss(path, {"conv3_4": 1.0})
    first = batch(ycbcr(1, side=32))
    assert loss(first, first).item() == 0
    assert loss(first, batch(ycbcr(2, side=32))).item() > 0
    with pytest.raises(ModelError, match=r"no layer conv5_3 in it; it has conv1_1, .*, conv3_4$"):
        load_perceptual_loss(path, {"conv5_3": 1.0})
