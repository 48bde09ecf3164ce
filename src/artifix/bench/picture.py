"""A picture to restore that needs no file: dead leaves, whose edges and spectrum are much like a photograph's."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

DESCRIPTION: Final = "dead leaves with noise (synthetic), repeated beyond 1024x1024, 4:3"

_SIDE: Final = 1024
# So that a JPEG of it has about as many bits as one of a photograph, at quality 30 and at 95.
_LEAVES: Final = 3_000
_RADII: Final = (8.0, 300.0)  # pixels; their density falls with the third power, as Lee, Mumford and Huang 2001 have it
_CHROMA: Final = 25.0  # grey levels by which a leaf's colours stray from its grey
_NOISE: Final = 2.0  # grey levels


def dead_leaves(height: int, width: int) -> NDArray[np.uint8]:
    """Discs of all sizes and colours that hide each other, (height, width, 3) RGB; always the same picture."""
    random = np.random.default_rng(0)
    smallest, largest = (radius**-2 for radius in _RADII)
    radii = (smallest + random.random(_LEAVES) * (largest - smallest)) ** -0.5
    places = random.uniform(0, _SIDE, (_LEAVES, 2))
    colours = random.uniform(20, 235, (_LEAVES, 1)) + random.normal(0, _CHROMA, (_LEAVES, 3))
    image = Image.new("RGB", (_SIDE, _SIDE), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    for (x, y), radius, colour in zip(places, radii, colours.clip(0, 255).astype(int).tolist(), strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(colour))
    noisy = np.asarray(image) + random.normal(0, _NOISE, (_SIDE, _SIDE, 3))
    leaves = np.rint(noisy).clip(0, 255).astype(np.uint8)
    return np.tile(leaves, (-(-height // _SIDE), -(-width // _SIDE), 1))[:height, :width]


def sides(megapixels: float) -> tuple[int, int]:
    """Height and width of a 4:3 picture of so many megapixels."""
    width = max(1, round(math.sqrt(megapixels * 1e6 * 4 / 3)))
    return max(1, round(megapixels * 1e6 / width)), width
