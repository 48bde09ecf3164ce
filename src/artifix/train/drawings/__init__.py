"""Pictures that no camera takes, drawn from a seed: pages, screens, comics, charts, dithers and the like.

A network that learned from photographs alone has never seen black beside white over whole pages, nor the dots of a
print, and does harm there; and in a perfectly smooth sky it leaves what photographs would hide.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image

from artifix.train.drawings.canvas import SIDE, Pixels
from artifix.train.drawings.comics import anime, line_art, manga
from artifix.train.drawings.lettering import meme, page, screenshot
from artifix.train.drawings.plain import mosaic, shapes, sky
from artifix.train.drawings.signs import chart, logo, pixel_art
from artifix.train.drawings.tones import diffused_dither, halftone, ordered_dither, screentone

__all__ = ["KINDS", "SIDE", "draw", "make_drawings"]

KINDS: Final[dict[str, Callable[[np.random.Generator], Pixels]]] = {
    "page": page,
    "screenshot": screenshot,
    "meme": meme,
    "shapes": shapes,
    "mosaic": mosaic,
    "sky": sky,
    "screentone": screentone,
    "halftone": halftone,
    "ordered dither": ordered_dither,
    "diffused dither": diffused_dither,
    "manga": manga,
    "line art": line_art,
    "anime": anime,
    "chart": chart,
    "logo": logo,
    "pixel art": pixel_art,
}
"""What can be drawn: each a function of a random generator that returns RGB (SIDE, SIDE, 3) uint8."""

_COMMON: Final = ("page", "screenshot")  # these are drawn twice as often


def make_drawings(share: float, pixels: int, seed: int) -> list[Pixels]:
    """So many RGB drawings (SIDE, SIDE, 3) that they make up a `share` (0..1) of all beside photographs of `pixels`.

    Patches are drawn in proportion to area, so it is their share of the patches, too.
    """
    count = math.ceil(share / (1 - share) * pixels / SIDE**2) if share else 0
    return [draw(np.random.default_rng((seed, number))) for number in range(count)]


def draw(rng: np.random.Generator) -> Pixels:
    """One drawing of any kind; a quarter of them in grey levels alone.

    The same seed gives the same drawing wherever the same fonts are installed: Pillow's, and matplotlib's if it has
    been installed.
    """
    kinds = [*KINDS, *_COMMON]
    drawing = KINDS[kinds[rng.integers(len(kinds))]](rng)
    return np.asarray(Image.fromarray(drawing).convert("L").convert("RGB")) if rng.random() < 0.25 else drawing
