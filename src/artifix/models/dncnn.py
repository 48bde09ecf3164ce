"""DnCNN (Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian Denoiser", IEEE TIP 26(7), 2017)."""

from dataclasses import dataclass

from artifix.models.chain import ChainConfig, Layer
from artifix.models.generator import MOST_WEIGHTS


@dataclass(frozen=True)
class DnCnnConfig(ChainConfig):
    """Layers of 3x3 that learn the residual; 20 of 64 maps are DnCNN-3, the one model for all JPEG qualities.

    The paper's batch normalisation behind each inner layer is left out.
    """

    features: int = 64
    depth: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features < 1 or self.depth < 2:
            raise ValueError(f"features must be at least 1 and depth at least 2, got {self.features} and {self.depth}")
        if 9 * self.features**2 * self.depth > MOST_WEIGHTS:
            raise ValueError(f"{self.features} features in {self.depth} layers are more than {MOST_WEIGHTS:,} weights")

    @property
    def layers(self) -> tuple[Layer, ...]:
        """`depth` of them."""
        return *[Layer(3, self.features)] * (self.depth - 1), Layer(3, self.channels)
