"""The perceptual loss (Galteri et al. 2017, Eq. 8): how far apart two pictures are in the features of VGG19."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from artifix.color import rgb_to_ycbcr, to_batch
from artifix.errors import ModelError
from artifix.train.precision import casting
from artifix.train.tensor_color import from_range, ycbcr_to_rgb
from artifix.train.tensors import read_tensors

Pixels = NDArray[np.uint8]

_BLOCKS: Final = (2, 2, 4, 4, 4)  # convolutions before each max-pooling
_PREFIX: Final = "features."  # of torchvision's names
# ImageNet's, of RGB in 0..1.
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)


def _layers() -> Iterator[tuple[str, int]]:
    """Every convolution by the literature's name, with its place in torchvision's `vgg19().features`."""
    place = 0
    for block, count in enumerate(_BLOCKS, start=1):
        for number in range(1, count + 1):
            yield f"conv{block}_{number}", place
            place += 2  # itself and its ReLU
        place += 1  # the pooling


LAYERS: Final = dict(_layers())


class PerceptualLoss(nn.Module):
    """Restored and target batches (N, C, H, W) in [-1, 1], YCbCr or Y -> Eq. 8 at each layer, weighted and summed.

    A layer's features are its convolution's, before the ReLU. Unlike Eq. 8 the mean goes over the maps as well, and is
    divided by the layer's mean square on a fixed noise picture: files keep VGG19 in scales that differ by hundreds, and
    layers differ too. No gradient reaches the target or VGG19.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, state: dict[str, Tensor], layers: dict[str, float], pooling: str = "max") -> None:
        """`state` is named as torchvision's `vgg19().features` and holds every convolution up to the deepest layer.

        `pooling` "average" takes VGG19's poolings for means (Gatys et al. 2016, section 2).
        """
        super().__init__()
        self.weights = {LAYERS[name]: weight for name, weight in layers.items()}  # by place
        self.network = _features(max(self.weights), nn.MaxPool2d if pooling == "max" else nn.AvgPool2d)
        self.network.load_state_dict({name: state[name] for name in self.network.state_dict()})
        self.network.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None])
        noise = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
        self.energies = [maps.square().mean().item() for maps in self._maps(noise)]

    def forward(self, restored: Tensor, target: Tensor) -> Tensor:
        """The loss, a scalar."""
        with torch.no_grad():
            wanted = self._maps(target)
        losses = [
            weight / energy * F.mse_loss(mine.float(), theirs.float())
            for mine, theirs, weight, energy in zip(
                self._maps(restored), wanted, self.weights.values(), self.energies, strict=True
            )
        ]
        return torch.stack(losses).sum()

    def _maps(self, batch: Tensor) -> list[Tensor]:
        """The features at each layer, in the order of the recipe."""
        planes = from_range(batch)
        rgb = ycbcr_to_rgb(planes) if planes.shape[1] == 3 else planes.expand(-1, 3, -1, -1)
        maps = ((rgb / 255 - self.mean) / self.deviation).contiguous(memory_format=torch.channels_last)
        found = {}
        for place, layer in enumerate(self.network):
            maps = layer(maps)
            if place in self.weights:
                found[place] = maps
        return [found[place] for place in self.weights]


@torch.no_grad()
def distance(perceptual: PerceptualLoss, restored: Pixels, target: Pixels) -> float:
    """The loss between two images, uint8, RGB (H, W, 3) or grey (H, W); in bfloat16 where that is quick."""
    device = perceptual.mean.device
    planes = [rgb_to_ycbcr(image) if image.ndim == 3 else image[..., None] for image in (restored, target)]
    first, second = (torch.from_numpy(to_batch(each)).to(device) for each in planes)
    with casting(device)():
        return float(perceptual(first, second))


def load_perceptual_loss(file: Path | None, layers: dict[str, float], pooling: str = "max") -> PerceptualLoss:
    """VGG19 from a safetensors file in torchvision's naming, or None: from torchvision, which may download it.

    ModelError if neither can be had, or if it lacks an asked layer; then the layers that it has are named.
    """
    state = _torchvision_state() if file is None else read_tensors(file)
    state = {name.removeprefix(_PREFIX): tensor for name, tensor in state.items()}
    source = file or "torchvision's VGG19"
    present = [name for name, place in LAYERS.items() if f"{place}.weight" in state]
    for name in layers:
        if name not in present:
            raise ModelError(f"{source}: no layer {name} in it; it has {', '.join(present) or 'none of VGG19'}")
    try:
        return PerceptualLoss(state, layers, pooling)
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{source}: not VGG19 ({str(error).splitlines()[0]})") from error


def _features(last: int, pooling: type[nn.Module] = nn.MaxPool2d) -> nn.Sequential:
    """The layers of torchvision's `vgg19().features` up to a place in it."""
    layers: list[nn.Module] = []
    width = 3
    for block, count in enumerate(_BLOCKS):
        for _ in range(count):
            wider = min(64 * 2**block, 512)
            layers += [nn.Conv2d(width, wider, 3, padding=1), nn.ReLU()]
            width = wider
        layers.append(pooling(2))
    return nn.Sequential(*layers[: last + 1])


def _torchvision_state() -> dict[str, Tensor]:
    try:
        from torchvision.models import VGG19_Weights  # type: ignore[import-not-found, unused-ignore]

        state: dict[str, Tensor] = VGG19_Weights.IMAGENET1K_V1.get_state_dict(progress=False)
        return state
    except ImportError as error:
        raise ModelError("the perceptual loss needs VGG19: give its file by --vgg, or install torchvision") from error
    except OSError as error:
        raise ModelError(f"torchvision's VGG19 is not available ({error}); give its file by --vgg") from error
