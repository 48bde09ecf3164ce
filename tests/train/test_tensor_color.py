import numpy as np
import pytest
import torch

from artifix import color
from artifix.train import tensor_color


@pytest.mark.parametrize("name", ["rgb_to_ycbcr", "ycbcr_to_rgb"])
def test_tensors_are_converted_as_arrays_are(name):
    planes = np.random.default_rng(0).uniform(0, 255, (5, 7, 3)).astype(np.float32)
    converted = getattr(tensor_color, name)(torch.from_numpy(planes.transpose(2, 0, 1)[None]))
    np.testing.assert_allclose(converted[0].numpy().transpose(1, 2, 0), getattr(color, name)(planes), atol=1e-3)


def test_ranges_go_forth_and_back():
    planes = torch.tensor([0.0, 127.5, 255.0])
    assert tensor_color.to_range(planes).tolist() == [-1, 0, 1]
    assert torch.equal(tensor_color.from_range(tensor_color.to_range(planes)), planes)
