"""Plain drawings: shapes over one another, mosaics in pure colours, skies without grain."""

import numpy as np

from artifix.train.drawings.canvas import SIDE, Pixels, canvas, colour, field


def shapes(rng: np.random.Generator) -> Pixels:
    """Filled and outlined rectangles, ellipses and lines, their edges smooth or not."""
    scale = int(rng.integers(1, 3))
    image, pencil = canvas(colour(rng), scale)
    for _ in range(int(rng.integers(5, 60))):
        corner = scale * rng.integers(-30, SIDE, 2)
        box = [*corner.tolist(), *(corner + scale * rng.integers(1, 150, 2)).tolist()]
        fill, width = colour(rng), scale * int(rng.integers(1, 6))
        shape = pencil.rectangle if rng.random() < 0.5 else pencil.ellipse
        kind = rng.random()
        if kind < 0.3:
            pencil.line(box, fill=fill, width=width)
        elif kind < 0.5:
            shape(box, outline=fill, width=width)
        else:
            shape(box, fill=fill)
    return np.asarray(image.reduce(scale))


def mosaic(rng: np.random.Generator) -> Pixels:
    """Tiles of one colour each, of one size."""
    side = int(rng.integers(2, 33))
    count = SIDE // side + 1
    tiles = np.array([colour(rng) for _ in range(count**2)], np.uint8).reshape(count, count, 3)
    return np.ascontiguousarray(tiles.repeat(side, axis=0).repeat(side, axis=1)[:SIDE, :SIDE])


def sky(rng: np.random.Generator) -> Pixels:
    """A gradient between colours, over the whole picture or in soft hills, smooth but for its rounding."""
    corners = rng.integers(60, 196, 3) + rng.integers(-60, 61, (2, 2, 3))  # none of them pure
    across = np.linspace(0, 1, SIDE)
    ends = np.stack([1 - across, across])  # each corner's share, by row or by column
    gradient = np.einsum("iy,jx,ijc->yxc", ends, ends, corners)
    if rng.random() < 0.3:
        gradient += (field(rng, 2)[..., None] - 0.5) * rng.uniform(-80, 80, 3)
    return np.rint(gradient).clip(0, 255).astype(np.uint8)
