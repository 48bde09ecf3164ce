from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from artifix.train.patches import Pictures


@pytest.fixture
def pictures(photograph) -> Pictures:
    """One picture to learn from, and one held out."""
    return Pictures([photograph], [photograph[:64, :64]], [])


@pytest.fixture(scope="session")
def vgg(tmp_path_factory) -> Path:
    """A file of VGG19's first three convolutions with random weights, named as torchvision names them."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for place, inputs, outputs in ((0, 3, 64), (2, 64, 64), (5, 64, 128)):
        state[f"features.{place}.weight"] = torch.randn(outputs, inputs, 3, 3, generator=generator) / (3 * inputs**0.5)
        state[f"features.{place}.bias"] = torch.randn(outputs, generator=generator) / 10
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    save_file(state, path)
    return path
