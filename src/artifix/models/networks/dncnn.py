"""DnCNN (Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian Denoiser", IEEE TIP 26(7), 2017)."""

from dataclasses import dataclass
from typing import ClassVar

from artifix.models.networks.chain import ChainConfig, Link
from artifix.models.networks.generator import MOST_BLOCKS, MOST_FEATURES


@dataclass(frozen=True)
class DnCnnConfig(ChainConfig):
    """Layers of 3x3 that learn the residual; 20 of 64 maps are DnCNN-3, the one model for all JPEG qualities.

    The paper's batch normalisation behind each inner layer is left out.
    """

    kind: ClassVar[str] = "dncnn"

    features: int = 64
    depth: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.features <= MOST_FEATURES or not 2 <= self.depth <= MOST_BLOCKS:
            raise ValueError(
                f"features must be within 1..{MOST_FEATURES} and depth within 2..{MOST_BLOCKS}, "
                f"got {self.features} and {self.depth}"
            )
        _ = self.description  # has limits of its own

    @property
    def links(self) -> tuple[Link, ...]:
        """`depth` of them."""
        return *[Link(3, self.features)] * (self.depth - 1), Link(3, self.channels)
