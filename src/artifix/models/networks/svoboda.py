"""L4 and L8 (Svoboda, Hradis, Barina and Zemcik, WSCG 2016): four and eight layers that learn the residual.

"Compression Artifacts Removal Using Convolutional Neural Networks", arXiv:1605.00366. Its abstract describes eight
layers, residual learning and a skip architecture; its table of layers was not available. L8's sizes and skips are those
of an independent implementation that cites it (github.com/yydlmzyz/Image-deblocking-using-deep-learning, L8/L8.py). For
L4 none was found: its sizes, the kernels and widths of L8's first three layers and of its last, are a guess.
"""

from dataclasses import dataclass
from typing import ClassVar

from artifix.models.networks.chain import ChainConfig, Link


@dataclass(frozen=True)
class L4Config(ChainConfig):
    """Four layers: 11x11x32, 3x3x64, 3x3x64, 5x5x1."""

    kind: ClassVar[str] = "l4"

    @property
    def links(self) -> tuple[Link, ...]:
        """The four."""
        return Link(11, 32), Link(3, 64), Link(3, 64), Link(5, self.channels)


@dataclass(frozen=True)
class L8Config(ChainConfig):
    """Eight layers: 11x11x32, three of 3x3x64, 1x1x64, 5x5x64, 1x1x128, 5x5x1.

    The first layer's maps skip to both 1x1 layers, the fifth in the middle and the seventh.
    """

    kind: ClassVar[str] = "l8"

    @property
    def links(self) -> tuple[Link, ...]:
        """The eight."""
        first, inner, middle = Link(11, 32), Link(3, 64), Link(1, 64, skip=True)
        return first, inner, inner, inner, middle, Link(5, 64), Link(1, 128, skip=True), Link(5, self.channels)
