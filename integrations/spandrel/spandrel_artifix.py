"""Models of artifix in spandrel, on which chaiNNer and ComfyUI stand: RGB in, RGB out.

    import spandrel, spandrel_artifix

    spandrel_artifix.install()
    descriptor = spandrel.ModelLoader().load_from_file("fast.safetensors")

The file is one that `artifix export fast -o fast.safetensors --spandrel` writes.
"""

import numpy as np
import torch
from spandrel import MAIN_REGISTRY, Architecture, ArchRegistry, ArchSupport, ImageModelDescriptor, StateDict
from torch import Tensor

from artifix.color import CENTRE, RGB_TO_YCBCR, YCBCR_TO_RGB
from artifix.models.card import card_from_json
from artifix.models.model import CARD_TENSOR, Model
from artifix.models.torch_network import TorchNetwork


class RgbNetwork(TorchNetwork):
    """A network over RGB: (N, 3, H, W) in 0..1 of any size -> the same, not clipped.

    A network of luma leaves chroma as it is; one that can be told of its file is told nothing.
    """

    def forward(self, rgb: Tensor) -> Tensor:
        """The restored batch, in the type and on the device of the one given."""
        channels = self.description.channels
        forward, centre, backward = (
            torch.from_numpy(values).to(rgb)
            for values in (
                2 * RGB_TO_YCBCR[:channels],
                CENTRE[:channels, None, None] / np.float32(127.5) - 1,
                YCBCR_TO_RGB[:, :channels] / 2,
            )
        )
        picture = torch.einsum("dc,nchw->ndhw", forward, rgb) + centre
        change = super().forward(picture) - picture
        return rgb + torch.einsum("dc,nchw->ndhw", backward, change)


class ArtifixArch(Architecture[RgbNetwork]):
    """Files of `artifix export --spandrel`, known by the card among their tensors, which names the network."""

    def __init__(self) -> None:
        super().__init__(id="artifix", detect=lambda state_dict: CARD_TENSOR in state_dict)

    def load(self, state_dict: StateDict) -> ImageModelDescriptor[RgbNetwork]:
        """The model; artifix.errors.ModelError for a card or tensors that are not those of a network of artifix."""
        weights = dict(state_dict)
        card = card_from_json(bytes(weights.pop(CARD_TENSOR).cpu().numpy()).decode(errors="replace"))
        model = Model(card, {name: value.cpu().numpy().astype(np.float16) for name, value in weights.items()})
        return ImageModelDescriptor(
            RgbNetwork(model.description),
            {name: value.float() for name, value in weights.items()},
            architecture=self,
            purpose="Restoration",
            tags=[card.name, card.network],
            supports_half=True,
            supports_bfloat16=True,
            scale=1,
            input_channels=3,
            output_channels=3,
        )


def install(registry: ArchRegistry = MAIN_REGISTRY) -> None:
    """Have spandrel's loaders read models of artifix from now on; more than once does no harm."""
    registry.add(ArchSupport.from_architecture(ArtifixArch()), ignore_duplicates=True)
