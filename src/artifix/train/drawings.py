"""Pictures that no camera takes: text, shapes and mosaics in pure colours, skies without grain, drawn from a seed.

A network that learned from photographs alone has never seen black beside white over whole pages, and does harm there;
and in a perfectly smooth sky it leaves what photographs would hide.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

SIDE: Final = 384  # pixels
_LETTERS: Final = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?()+-=%&@    ")


def make_drawings(share: float, pixels: int, seed: int) -> list[Pixels]:
    """So many RGB drawings (SIDE, SIDE, 3) that they make up a `share` (0..1) of all beside photographs of `pixels`.

    Patches are drawn in proportion to area, so it is their share of the patches, too.
    """
    count = math.ceil(share / (1 - share) * pixels / SIDE**2) if share else 0
    return [draw(np.random.default_rng((seed, number))) for number in range(count)]


def draw(rng: np.random.Generator) -> Pixels:
    """One drawing: a page of text, shapes over one another, a mosaic or a sky; a third of them in grey levels alone."""
    kinds: list[Callable[[np.random.Generator], Pixels]] = [_page, _page, _shapes, _mosaic, _sky]
    drawing = kinds[rng.integers(len(kinds))](rng)
    return np.asarray(Image.fromarray(drawing).convert("L").convert("RGB")) if rng.random() < 1 / 3 else drawing


def _page(rng: np.random.Generator) -> Pixels:
    """Lines of letters, smooth or bilevel, black on white more often than not."""
    ink, paper = ((0, 0, 0), (255, 255, 255)) if rng.random() < 0.5 else (_colour(rng), _colour(rng))
    image, pencil = _canvas(rng, paper)
    size = int(rng.integers(8, 40))
    font = ImageFont.load_default(size)
    for y in range(0, SIDE, size + int(rng.integers(1, size))):
        pencil.text((int(rng.integers(-9, 30)), y), "".join(rng.choice(_LETTERS, 90)), fill=ink, font=font)
    return np.asarray(image)


def _shapes(rng: np.random.Generator) -> Pixels:
    """Filled and outlined rectangles, ellipses and lines."""
    image, pencil = _canvas(rng, _colour(rng))
    for _ in range(int(rng.integers(5, 60))):
        corner = rng.integers(-30, SIDE, 2)
        box = [*corner.tolist(), *(corner + rng.integers(1, 150, 2)).tolist()]
        colour, width = _colour(rng), int(rng.integers(1, 6))
        shape = pencil.rectangle if rng.random() < 0.5 else pencil.ellipse
        kind = rng.random()
        if kind < 0.3:
            pencil.line(box, fill=colour, width=width)
        elif kind < 0.5:
            shape(box, outline=colour, width=width)
        else:
            shape(box, fill=colour)
    return np.asarray(image)


def _mosaic(rng: np.random.Generator) -> Pixels:
    """Tiles of one colour each, of one size."""
    side = int(rng.integers(2, 33))
    count = SIDE // side + 1
    tiles = np.array([_colour(rng) for _ in range(count**2)], np.uint8).reshape(count, count, 3)
    return np.ascontiguousarray(tiles.repeat(side, axis=0).repeat(side, axis=1)[:SIDE, :SIDE])


def _sky(rng: np.random.Generator) -> Pixels:
    """A gradient from one colour to others near it, smooth but for its rounding."""
    corners = rng.integers(60, 196, 3) + rng.integers(-60, 61, (2, 2, 3))  # none of them pure
    across = np.linspace(0, 1, SIDE)
    ends = np.stack([1 - across, across])  # each corner's share, by row or by column
    return np.rint(np.einsum("iy,jx,ijc->yxc", ends, ends, corners)).astype(np.uint8)


def _canvas(rng: np.random.Generator, colour: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (SIDE, SIDE), colour)
    pencil = ImageDraw.Draw(image)
    pencil.fontmode = "1" if rng.random() < 0.3 else "L"
    return image, pencil


def _colour(rng: np.random.Generator) -> Colour:
    """Half of them with each channel at 0 or 255, the others any."""
    r, g, b = (255 * rng.integers(2, size=3) if rng.random() < 0.5 else rng.integers(256, size=3)).tolist()
    return r, g, b
