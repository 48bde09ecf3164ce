"""AR-CNN (Dong, Deng, Loy and Tang, "Compression Artifacts Reduction by a Deep Convolutional Network", ICCV 2015)."""

from dataclasses import dataclass
from typing import ClassVar

from artifix.models.networks.chain import ChainConfig, Link


@dataclass(frozen=True)
class ArCnnConfig(ChainConfig):
    """Feature extraction, enhancement, mapping and reconstruction (section 3.1): 9x9x64, 7x7x32, 1x1x16, 5x5x1.

    The paper's last layer makes the picture itself (`residual` False), and its convolutions have no padding.
    """

    kind: ClassVar[str] = "ar-cnn"

    @property
    def links(self) -> tuple[Link, ...]:
        """The paper's four."""
        return Link(9, 64), Link(7, 32), Link(1, 16), Link(5, self.channels)
