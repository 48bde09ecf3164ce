"""Drawn figures: line art, manga with its screentones, and the flat shades of animation."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from artifix.train.drawings.canvas import (
    BLACK,
    SIDE,
    WHITE,
    Colour,
    Pixels,
    any_colour,
    blob,
    canvas,
    curve,
    font,
    pixels_of,
    shade,
    words,
)
from artifix.train.drawings.tones import screen, tone

_SCALE = 2  # edges are smoothed by drawing this much larger


def line_art(rng: np.random.Generator) -> Pixels:
    """Curves, outlines and hatching of one ink on paper; a third of them bilevel."""
    ink, paper = (BLACK, WHITE) if rng.random() < 0.7 else (any_colour(rng), shade(any_colour(rng), 1.5))
    scale = 1 if rng.random() < 1 / 3 else _SCALE
    image, pencil = canvas(paper, scale)
    side = SIDE * scale
    for _ in range(int(rng.integers(4, 30))):
        width = int(rng.integers(1, 4)) * scale
        if rng.random() < 0.5:
            pencil.line(curve(rng, rng.uniform(0.2, 1.2) * side, side), fill=ink, width=width, joint="curve")
        else:
            centre = float(rng.uniform(0, side)), float(rng.uniform(0, side))
            pencil.polygon(blob(rng, centre, rng.uniform(0.03, 0.3) * side), outline=ink, width=width)
    for _ in range(int(rng.integers(4))):
        x, y = rng.uniform(0, side, 2)
        slant, gap = rng.uniform(-1, 1), rng.uniform(3, 9) * scale
        for number in range(int(rng.integers(5, 30))):
            start = x + number * gap
            pencil.line([start, y, start + slant * 60 * scale, y + 60 * scale], fill=ink, width=scale)
    return pixels_of(image)


def manga(rng: np.random.Generator) -> Pixels:
    """Panels of line art, parts of them printed in screentones, with speech in balloons."""
    image, pencil = canvas(WHITE, _SCALE)
    areas = Image.new("L", (SIDE, SIDE))  # the number of the screentone that covers a pixel
    toned = ImageDraw.Draw(areas)
    side = SIDE * _SCALE
    for top, bottom in _cut(rng, side):
        for left, right in _cut(rng, side):
            _panel(rng, pencil, toned, (left, top, right, bottom))
    values, numbers = np.array(pixels_of(image)), np.asarray(areas)
    for number in range(1, numbers.max() + 1):
        ink = screen(rng, tone(rng))[..., None] * (numbers == number)[..., None]
        values = np.minimum(values, np.rint(255 * (1 - ink)).astype(np.uint8))
    return values


def _cut(rng: np.random.Generator, side: int) -> list[tuple[int, int]]:
    """One to three stretches from 0 to `side`, with gutters between."""
    cuts = [0, *sorted(rng.integers(side // 6, side - side // 6, int(rng.integers(3))).tolist()), side]
    return [(low + 10, high - 10) for low, high in pairwise(cuts) if high - low > 60]


def _panel(
    rng: np.random.Generator, pencil: ImageDraw.ImageDraw, toned: ImageDraw.ImageDraw, box: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = box
    if rng.random() < 0.5:
        toned.rectangle([edge // _SCALE for edge in box], fill=int(rng.integers(1, 4)))
    pencil.rectangle(box, outline=BLACK, width=2 * _SCALE)
    reach = min(right - left, bottom - top)
    for _ in range(int(rng.integers(1, 5))):
        centre = float(rng.uniform(left, right)), float(rng.uniform(top, bottom))
        outline = blob(rng, centre, rng.uniform(0.1, 0.4) * reach)
        fill = [None, WHITE, BLACK][rng.integers(3)]
        pencil.polygon(outline, fill=fill, outline=BLACK, width=int(rng.integers(1, 3)) * _SCALE)
        toned.polygon([place / _SCALE for place in outline], fill=int(rng.integers(4)))
    if reach > 180:
        x, y = int(rng.integers(left + 20, right - 150)), int(rng.integers(top + 20, bottom - 90))
        pencil.ellipse([x, y, x + 140, y + 80], fill=WHITE, outline=BLACK, width=_SCALE)
        toned.ellipse([edge // _SCALE for edge in (x, y, x + 140, y + 80)], fill=0)
        text, face = f"{words(rng, 8)}\n{words(rng, 8)}", font(rng, 22)
        pencil.multiline_text((x + 70, y + 40), text, fill=BLACK, font=face, anchor="mm", align="center")


def anime(rng: np.random.Generator) -> Pixels:
    """Flat colours with a darker shade of each, dark outlines, strands of hair, eyes, before a soft or a flat sky."""
    image, pencil = canvas(any_colour(rng), _SCALE)
    side = SIDE * _SCALE
    if rng.random() < 0.5:
        first, last = np.asarray(any_colour(rng)), np.asarray(any_colour(rng))
        for y in range(side):
            r, g, b = (first + (last - first) * y // side).tolist()
            pencil.line([0, y, side, y], fill=(r, g, b))
    for _ in range(int(rng.integers(3, 9))):
        base, line = any_colour(rng), int(rng.integers(1, 4)) * _SCALE
        centre = float(rng.uniform(0, side)), float(rng.uniform(0, side))
        radius = float(rng.uniform(0.08, 0.35) * side)
        outline = blob(rng, centre, radius)
        _shaded(rng, image, outline, base)
        dark = shade(base, 0.3)
        pencil.line([*outline, *outline[:2]], fill=dark, width=line, joint="curve")
        if rng.random() < 0.4:
            for _ in range(int(rng.integers(3, 12))):
                x, y = (np.asarray(centre) + rng.normal(0, radius / 2, 2)).tolist()
                tip = x + rng.normal(0, 30), y + rng.uniform(0.5, 1.5) * radius
                strand = [x, y, x + radius / 6, y, *tip]
                pencil.polygon(strand, fill=base, outline=dark, width=_SCALE)
        if rng.random() < 0.4:
            _eye(pencil, centre, radius / 5, any_colour(rng))
    return pixels_of(image)


def _shaded(rng: np.random.Generator, image: Image.Image, outline: list[float], base: Colour) -> None:
    """Fill the outline, and what of it lies outside of the same shape moved aside in a darker shade."""
    inside, lit = Image.new("1", image.size), Image.new("1", image.size)
    ImageDraw.Draw(inside).polygon(outline, fill=1)
    aside = np.tile(rng.normal(0, 30, 2), len(outline) // 2)
    ImageDraw.Draw(lit).polygon((np.asarray(outline) + aside).tolist(), fill=1)
    image.paste(shade(base, 0.7), mask=inside)
    both = Image.new("1", image.size)
    both.paste(lit, mask=inside)
    image.paste(base, mask=both)


def _eye(pencil: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, iris: Colour) -> None:
    x, y = centre
    for reach, fill in ((1.0, WHITE), (0.8, iris), (0.6, shade(iris, 0.6)), (0.4, BLACK)):
        box = [x - reach * radius * 0.8, y - reach * radius, x + reach * radius * 0.8, y + reach * radius]
        pencil.ellipse(box, fill=fill, outline=BLACK if reach == 1 else None)
    pencil.ellipse([x, y - radius / 2, x + radius / 4, y - radius / 4], fill=WHITE)
