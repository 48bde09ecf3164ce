"""Drawings of few colours that stand for something: charts, logos and pixel art."""

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
    colour,
    font,
    pixels_of,
    shade,
    words,
)

_LOGO_SCALE = 3  # edges are smoothed by drawing this much larger


def chart(rng: np.random.Generator) -> Pixels:
    """Axes with labels and a grid, and on them bars, lines, points or a pie, in a few colours."""
    scale = int(rng.integers(1, 3))
    image, pencil = canvas(WHITE if rng.random() < 0.8 else (25, 28, 36), scale)
    dark = image.getpixel((0, 0)) != WHITE
    ink: Colour = (220, 220, 220) if dark else (40, 40, 40)
    side, face = SIDE * scale, font(rng, scale * int(rng.integers(9, 15)))
    left, bottom, top, right = 0.13 * side, 0.88 * side, 0.1 * side, 0.96 * side
    pencil.text((side / 2, 0.03 * side), words(rng, 28), fill=ink, font=face, anchor="ma")
    colours = [any_colour(rng) for _ in range(int(rng.integers(1, 6)))]
    if rng.random() < 0.2:
        ends = np.cumsum(rng.dirichlet(np.ones(len(colours) + 1))) * 360
        for start, end, fill in zip([0, *ends], ends, [*colours, ink], strict=False):
            pencil.pieslice([0.2 * side, 0.2 * side, 0.8 * side, 0.8 * side], start, end, fill=fill, outline=WHITE)
        return pixels_of(image)
    for number in range(6):
        y = bottom - number * (bottom - top) / 5
        pencil.line([left, y, right, y], fill=shade(ink, 0.5) if dark else (225, 225, 225), width=scale)
        pencil.text((left - 4 * scale, y), f"{number * int(rng.integers(1, 99))}", fill=ink, font=face, anchor="rm")
    kind, count = rng.integers(3), int(rng.integers(4, 24))
    places = np.linspace(left, right, count + 2)[1:-1]
    for row, fill in enumerate(colours):
        heights = bottom - (bottom - top) * np.clip(0.5 + np.cumsum(rng.normal(0, 0.1, count)), 0.02, 0.98)
        width = (right - left) / count / (len(colours) + 1)
        if kind == 0:
            for x, y in zip(places, heights, strict=True):
                pencil.rectangle([x + row * width, y, x + (row + 0.9) * width, bottom], fill=fill)
        elif kind == 1:
            line = np.stack([places, heights], axis=-1).ravel().tolist()
            pencil.line(line, fill=fill, width=int(rng.integers(1, 4)) * scale, joint="curve")
        else:
            radius = float(rng.uniform(1.5, 5)) * scale
            for x, y in zip(rng.permutation(places), heights, strict=True):
                pencil.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)
    pencil.line([left, top, left, bottom, right, bottom], fill=ink, width=scale)
    return pixels_of(image)


def logo(rng: np.random.Generator) -> Pixels:
    """A name and a mark in one to three flat colours on white or on another."""
    image, pencil = canvas(WHITE if rng.random() < 0.5 else colour(rng), _LOGO_SCALE)
    side = SIDE * _LOGO_SCALE
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0.2, 0.8, 2) * side
        radius, fill = float(rng.uniform(0.05, 0.3) * side), colour(rng)
        kind = rng.integers(4)
        if kind == 0:
            pencil.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)
        elif kind == 1:
            pencil.regular_polygon((x, y, radius), int(rng.integers(3, 9)), rng.uniform(0, 360), fill=fill)
        elif kind == 2:
            pencil.rounded_rectangle([x - radius, y - radius / 2, x + radius, y + radius / 2], radius / 4, fill=fill)
        else:
            pencil.polygon(blob(rng, (x, y), radius), fill=fill)
    size = int(rng.integers(30, 90)) * _LOGO_SCALE
    place = float(rng.uniform(0.3, 0.7)) * side
    name = words(rng, 12).split(" ")[0]
    pencil.text((side / 2, place), name, fill=colour(rng), font=font(rng, size), anchor="mm")
    return pixels_of(image)


def pixel_art(rng: np.random.Generator) -> Pixels:
    """Sprites before tiles in a palette of 4 to 16 colours, each pixel 1 to 12 pixels wide."""
    palette = np.array([any_colour(rng) for _ in range(int(rng.integers(4, 17)))], np.uint8)
    times = int(rng.integers(1, 13))
    side = -(-SIDE // times)
    tile = rng.integers(len(palette), size=(int(rng.choice([4, 8, 16])),) * 2)
    tile = np.where(rng.random(tile.shape) < 0.6, tile[0, 0], tile)
    repeats = -(-side // len(tile))
    world = np.tile(tile, (repeats, repeats))[:side, :side]
    for _ in range(max(1, side * side // 900)):
        height, half = int(rng.integers(6, 20)), int(rng.integers(3, 10))
        sprite = rng.integers(-2, len(palette), size=(height, half))  # below 0: see-through
        sprite = np.hstack([sprite, sprite[:, ::-1]])
        y, x = int(rng.integers(side)), int(rng.integers(side))
        behind = world[y : y + height, x : x + 2 * half]
        front = sprite[: behind.shape[0], : behind.shape[1]]
        world[y : y + height, x : x + 2 * half] = np.where(front < 0, behind, front)
    small = Image.fromarray(palette[world])
    if rng.random() < 0.3:
        ImageDraw.Draw(small).text((2, 2), words(rng, 12), fill=WHITE, stroke_width=1, stroke_fill=BLACK)
    drawn = np.asarray(small).repeat(times, axis=0).repeat(times, axis=1)
    return np.ascontiguousarray(drawn[:SIDE, :SIDE])
