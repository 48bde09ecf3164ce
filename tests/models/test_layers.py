"""Networks as lists of layers: what is computed from the list, and the torch module that is made of it."""

from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from artifix.models.known import KNOWN_SIZE, NOTHING, Known  # noqa: E402
from artifix.models.layers import (  # noqa: E402
    KNOWN,
    PICTURE,
    Add,
    Conv,
    Dense,
    Description,
    Modulate,
    Repeat,
    Shape,
    Shuffle,
    Unshuffle,
)
from artifix.models.networks import NETWORKS  # noqa: E402
from artifix.models.networks.unet import UNetConfig  # noqa: E402
from artifix.models.torch_network import TorchNetwork  # noqa: E402

SMALL = UNetConfig(maps=(8, 8, 16, 16), down=(1, 1, 1), bottom=1, up=(1, 1, 1), told=8)
PLAIN = Description(
    (Unshuffle("halves", PICTURE, 2), Conv("inner", "halves", 8, 3), Shuffle("restored", "inner", 2)), 3
)
REPEATED = Description((Conv("a", PICTURE, 3, 2, 2), Repeat("restored", "a", 2)), 3)


def unet(config=SMALL, seed=0):
    torch.manual_seed(seed)
    network = TorchNetwork(config.description)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)  # so that nothing is 0, as the scales are when training begins
    return network.double().eval()


def test_shapes_costs_and_weights_of_a_few_layers():
    found = PLAIN.shapes
    assert found["halves"] == Shape(12, Fraction(1, 2))
    assert found["restored"] == Shape(2, Fraction(1))
    assert PLAIN.macs_per_pixel == 12 * 8 * 9 / 4
    assert dict(PLAIN.weights()) == {"inner.weight": (8, 12, 3, 3), "inner.bias": (8,)}
    assert PLAIN.multiple == 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ([Conv("a", "b", 4)], "a reads b"),
        ([Conv("a", PICTURE, 4), Conv("a", PICTURE, 4)], "two layers are named a"),
        ([Conv("a", PICTURE, 4), Add("b", "a", PICTURE)], "different shapes"),
        ([Shuffle("a", PICTURE, 2)], "no squares of 2"),
    ],
)
def test_layers_that_do_not_fit_are_refused(wrong, reason):
    with pytest.raises(ValueError, match=reason):
        Description(tuple(wrong), 3)


NESTED = Description(
    (
        Dense("told", KNOWN, 2),
        Conv("head", PICTURE, 4),
        Modulate("head.told", "head", "told"),
        Modulate("tail.told", "head.told", "told"),
        Conv("tail", "tail.told", 3),
    ),
    3,
    KNOWN_SIZE,
)


@pytest.mark.parametrize("described", [NESTED, *[config().description for config in NETWORKS.values()]])
def test_the_state_dict_has_the_weights_of_the_description(described):
    network = TorchNetwork(described)
    wanted = dict(described.weights())
    assert {name: tuple(value.shape) for name, value in network.state_dict().items()} == wanted
    assert sum(parameter.numel() for parameter in network.parameters()) == described.parameters


@pytest.mark.parametrize("described", [SMALL.description, PLAIN, REPEATED])
def test_no_pixel_sees_farther_than_the_radius(described):
    """The gradient of each of an output block's pixels is 0 beyond the radius, and not 0 far within it."""
    torch.manual_seed(0)
    network = TorchNetwork(described).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    radius, step = described.radius, described.multiple
    side = 2 * -(-radius // step) * step + 2 * step
    middle = side // 2 // step * step
    farthest = 0
    for place in range(middle, middle + step):
        picture = torch.randn(1, 3, side, side, dtype=torch.float64, requires_grad=True)
        network(picture)[0, :, place, place].sum().backward()
        seen = picture.grad.abs().sum(dim=(0, 1)).nonzero()
        farthest = max(farthest, int((seen - place).abs().max()))
    assert radius / 2 <= farthest <= radius


@pytest.mark.parametrize("size", [(1, 1), (17, 30), (32, 48)])
def test_any_size_comes_back_as_it_went_in(size):
    restored = unet()(torch.zeros(2, 3, *size, dtype=torch.float64))
    assert restored.shape == (2, 3, *size)


def test_what_is_known_changes_the_picture_and_nothing_known_is_the_default():
    network, picture = unet(), torch.randn(1, 3, 32, 32, dtype=torch.float64)
    told = torch.from_numpy(Known((8,) * 64, (9,) * 64, (2, 2)).vector()[None]).double()
    nothing = torch.from_numpy(NOTHING.vector()[None]).double()
    assert torch.equal(network(picture), network(picture, nothing))
    assert not torch.equal(network(picture), network(picture, told))


def test_moving_by_whole_squares_moves_the_result():
    network, picture = unet(), torch.randn(1, 3, 416, 416, dtype=torch.float64)
    radius = SMALL.description.radius
    whole, part = network(picture), network(picture[..., 16:, 32:])
    kept = slice(radius + 32, -radius - 32)
    assert kept.start < 416 + kept.stop
    torch.testing.assert_close(part[..., kept, kept], whole[..., 16:, 32:][..., kept, kept])


def test_what_is_known_is_logarithms_and_what_else_there_is():
    vector = Known((256,) * 64, (1,) * 64, (2, 1)).vector()
    assert vector.shape == (KNOWN_SIZE,)
    assert (vector[:64] == 1).all()
    assert (vector[64:128] == 0).all()
    assert vector[128:132].tolist() == [1, 1, 0, 1]
    assert not np.any(NOTHING.vector())
    assert Known((2,) * 64).vector()[128:].nonzero()[0].tolist() == [0]


@pytest.mark.parametrize(
    "wrong", [{"maps": (8, 8, 8)}, {"down": (1, 2)}, {"bottom": 65}, {"channels": 2}, {"told": -1}]
)
def test_a_shape_that_no_unet_has_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)) + "|blocks"):
        UNetConfig(**wrong)
