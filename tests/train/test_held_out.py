import copy

import numpy as np
import pytest
import torch

from artifix.models.networks.generator import GeneratorConfig
from artifix.models.torch_network import TorchNetwork
from artifix.train.checkpoint import Learner
from artifix.train.held_out import DISTANCE_PREFIX, PREFIX, QUALITIES, HeldOut
from artifix.train.perceptual import load_perceptual_loss


def identity(channels):
    network = TorchNetwork(GeneratorConfig(channels=channels, features=4, blocks=1).description)
    torch.nn.init.zeros_(network.get_parameter("tail.weight"))
    return Learner(network, copy.deepcopy(dict(network.state_dict())), torch.optim.Adam(network.parameters()))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_that_does_nothing_gains_nothing(photograph, vgg, channels):
    held_out = HeldOut([photograph], channels, load_perceptual_loss(vgg, {"conv1_2": 1.0}))
    figures = held_out.figures(identity(channels))
    assert list(figures)[:2] == [f"{PREFIX}10", f"{DISTANCE_PREFIX}10"]
    for quality in QUALITIES:
        assert figures[f"{PREFIX}{quality}"] == pytest.approx(0, abs=0.02)
    for quality in (10, 20):
        assert figures[f"{DISTANCE_PREFIX}{quality}"] == pytest.approx(1, abs=0.02)


def test_blurring_all_away_is_further_than_the_jpeg(photograph, vgg):
    learner = identity(3)
    learner.average["tail.bias"] -= 0.5  # darker by 64 grey levels
    figures = HeldOut([photograph], 3, load_perceptual_loss(vgg, {"conv1_2": 1.0})).figures(learner)
    assert figures[f"{PREFIX}10"] < -5
    assert figures[f"{DISTANCE_PREFIX}10"] > 1.2


def test_without_vgg19_or_without_pictures_there_is_less_to_say(photograph):
    assert list(HeldOut([photograph], 3).figures(identity(3))) == [f"{PREFIX}{quality}" for quality in QUALITIES]
    assert HeldOut([], 3).figures(identity(3)) == {}


def test_the_strip_is_degraded_restored_and_target_side_by_side(photograph):
    strip = HeldOut([photograph, photograph[:64]], 3).strip(identity(3))
    assert strip.shape == (96 + 64, 3 * 128, 3)
    assert np.array_equal(strip[:96, 256:], photograph)
    assert np.abs(strip[:96, :128].astype(int) - strip[:96, 128:256]).max() <= 2


def test_a_strip_of_pictures_of_several_widths_is_as_wide_as_the_widest(photograph):
    for channels in (1, 3):
        strip = HeldOut([photograph[:, :64], photograph], channels).strip(identity(channels))
        assert strip.shape == (2 * 96, 3 * 128, 3)
        assert not strip[:96, 3 * 64 :].any()
