"""Drawings that are to be read: pages, screenshots and memes."""

import numpy as np
from PIL import Image, ImageDraw

from artifix.train.drawings.canvas import (
    BLACK,
    SIDE,
    WHITE,
    Colour,
    Pixels,
    any_colour,
    canvas,
    colour,
    font,
    scene,
    shade,
    words,
)

_SUBPIXELS = 3  # of a liquid crystal: red, green and blue side by side


def page(rng: np.random.Generator) -> Pixels:
    """Lines of words, smooth or bilevel, black on white more often than not."""
    ink, paper = (BLACK, WHITE) if rng.random() < 0.5 else (colour(rng), colour(rng))
    image, pencil = canvas(paper)
    pencil.fontmode = "1" if rng.random() < 0.3 else "L"
    size = int(rng.integers(8, 40))
    face = font(rng, size)
    for y in range(0, SIDE, size + int(rng.integers(1, size))):
        pencil.text((int(rng.integers(-9, 30)), y), words(rng, 90), fill=ink, font=face)
    return np.asarray(image)


def screenshot(rng: np.random.Generator) -> Pixels:
    """Windows with bars, buttons and lines of text, some of it in several colours, or smoothed by subpixels."""
    dark = rng.random() < 0.4
    image, pencil = canvas(any_colour(rng))
    for _ in range(int(rng.integers(1, 4))):
        left, top = rng.integers(-60, SIDE // 2, 2).tolist()
        right, bottom = (np.array([left, top]) + rng.integers(160, SIDE + 60, 2)).tolist()
        level = int(rng.integers(20, 50)) if dark else int(rng.integers(235, 256))
        paper: Colour = (level, level, level)
        ink: Colour = (225, 225, 225) if dark else (int(rng.integers(60)),) * 3
        accent = any_colour(rng)
        radius = int(rng.integers(12))
        pencil.rounded_rectangle([left, top, right, bottom], radius, fill=paper, outline=shade(ink, 0.6))
        pencil.rectangle([left + 1, top + 1, right - 1, top + 22], fill=accent)
        pencil.text((left + 8, top + 4), words(rng, 20), fill=WHITE, font=font(rng, 12))
        for number in range(int(rng.integers(4))):
            box = [left + 10 + 80 * number, top + 30, left + 78 + 80 * number, top + 50]
            pencil.rounded_rectangle(box, 4, fill=shade(paper, 0.9), outline=accent)
            pencil.text((box[0] + 6, box[1] + 4), words(rng, 8), fill=ink, font=font(rng, 11))
        size = int(rng.integers(9, 17))
        _lines(rng, image, (left + 10, top + 60, right - 6, bottom - 4), size, ink)
    return np.asarray(image)


def _lines(rng: np.random.Generator, image: Image.Image, box: tuple[int, ...], size: int, ink: Colour) -> None:
    """Text in a box of a screenshot, set by subpixels or not, in one ink or each word in its own."""
    left, top, right, bottom = box
    subpixels, coloured = rng.random() < 0.5, rng.random() < 0.4
    inks = [ink, *(any_colour(rng) for _ in range(3))] if coloured else [ink]
    face = font(rng, size * _SUBPIXELS if subpixels else size)
    width = right - left
    for y in range(top, bottom - size, size + int(rng.integers(2, 8))):
        place = left + (int(rng.integers(4)) * 2 * size if coloured else 0)
        for word in words(rng, max(1, int(1.6 * width / size))).split():
            room = right - place
            if room < size:
                break
            mask, taken = _mask(word, face, room, size, subpixels=subpixels)
            chosen = inks[rng.integers(len(inks))]
            target = Image.new("RGB", mask.size, chosen)
            area = image.crop((place, y, place + mask.width, y + mask.height))
            blended = (np.asarray(target) - np.asarray(area, np.float32)) * np.asarray(mask, np.float32) / 255
            image.paste(Image.fromarray(np.rint(np.asarray(area) + blended).astype(np.uint8)), (place, y))
            place += taken + size // 3


def _mask(word: str, face: object, room: int, size: int, *, subpixels: bool) -> tuple[Image.Image, int]:
    """How much ink a word leaves in red, green and blue, (size + 4, room, 3), and how many pixels wide it is."""
    scale = _SUBPIXELS if subpixels else 1
    large = Image.new("L", (room * scale, (size + 4) * scale))
    ImageDraw.Draw(large).text((0, 0), word, fill=255, font=face)  # type: ignore[arg-type]
    taken = min(room, -(-(large.getbbox() or (0, 0, 0, 0))[2] // scale))
    if not subpixels:
        return Image.merge("RGB", [large] * 3), taken
    rows = np.asarray(large.reduce((1, scale)), np.float32)
    smooth = (np.roll(rows, 1, axis=1) + rows + np.roll(rows, -1, axis=1)) / 3
    return Image.fromarray(np.rint(smooth).astype(np.uint8).reshape(size + 4, room, 3)), taken


def meme(rng: np.random.Generator) -> Pixels:
    """A scene with capitals above and below, white with a black edge, or black on a white band."""
    image = Image.fromarray(scene(rng))
    pencil = ImageDraw.Draw(image)
    size = int(rng.integers(20, 54))
    face = font(rng, size)
    banded = rng.random() < 0.3
    for y in (int(rng.integers(2, 20)), SIDE - size - int(rng.integers(6, 24))):
        text = words(rng, int(1.4 * SIDE / size)).upper()
        if banded:
            pencil.rectangle([0, y - 6, SIDE, y + size + 8], fill=WHITE)
        edge = 0 if banded else max(1, size // 14)
        ink = BLACK if banded else WHITE
        pencil.text((SIDE // 2, y), text, fill=ink, font=face, anchor="ma", stroke_width=edge, stroke_fill=BLACK)
    return np.asarray(image)
