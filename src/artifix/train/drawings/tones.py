"""Tones made of dots: screentones and halftones of any angle and pitch, ordered and error-diffused dither."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.train.drawings.canvas import SIDE, WHITE, Pixels, Plane, any_colour, field, scene


def screen(rng: np.random.Generator, darkness: Plane, angle: float | None = None) -> Plane:
    """Ink (SIDE, SIDE) within 0..1 that prints this darkness, 0..1, by a screen of dots or lines.

    Dots lie 2.5 to 16 pixels apart. Half of the screens are bilevel, the others smooth at the edges of their dots.
    """
    pitch = float(2.5 * (16 / 2.5) ** rng.random())
    if angle is None:
        angle = float(rng.choice([0, 15, 45, 75, rng.uniform(0, 90), rng.uniform(0, 90)]))
    across, down = np.cos(np.deg2rad(angle)) / pitch, np.sin(np.deg2rad(angle)) / pitch
    threshold = 0.5 + 0.5 * _wave(across, down, rng.random())
    if rng.random() < 0.8:  # dots; else lines
        threshold = 0.5 * threshold + 0.25 + 0.25 * _wave(-down, across, rng.random())
    over = darkness - threshold
    if rng.random() < 0.5:
        return (over > 0).astype(np.float32)
    return np.clip(over * (pitch / 1.6) + 0.5, 0, 1)  # an edge is about a pixel wide


def _wave(across: float, down: float, phase: float) -> Plane:
    """A wave, cos 2pi (across x + down y + phase), (SIDE, SIDE)."""
    place = np.arange(SIDE, dtype=np.float32) * np.float32(2 * np.pi)
    x, y = place * np.float32(across), place * np.float32(down) + np.float32(2 * np.pi * phase)
    return np.outer(np.cos(y), np.cos(x)) - np.outer(np.sin(y), np.sin(x))


def tone(rng: np.random.Generator) -> Plane:
    """A darkness (SIDE, SIDE) within 0..1: one all over, a slope, or hills."""
    kind = rng.random()
    if kind < 0.3:
        return np.full((SIDE, SIDE), rng.uniform(0.1, 0.9), np.float32)
    low, high = np.sort(rng.random(2))
    if kind < 0.6:
        slope = np.linspace(low, high, SIDE, dtype=np.float32)
        plane = np.repeat(slope[None], SIDE, axis=0)
        return np.ascontiguousarray(np.rot90(plane, int(rng.integers(4))))
    return (low + (high - low) * field(rng, int(rng.integers(2, 12)))).astype(np.float32)


def screentone(rng: np.random.Generator) -> Pixels:
    """One to three areas, each printed by a screen of its own in one ink."""
    ink, paper = ((0, 0, 0), WHITE) if rng.random() < 0.7 else (any_colour(rng), any_colour(rng))
    printed = screen(rng, tone(rng))
    for _ in range(int(rng.integers(3))):
        inside = field(rng, 3) > rng.uniform(0.3, 0.7)
        printed = np.where(inside, screen(rng, tone(rng)), printed)
    values = np.asarray(paper) + printed[..., None] * (np.asarray(ink) - np.asarray(paper))
    return np.rint(values).astype(np.uint8)


def halftone(rng: np.random.Generator) -> Pixels:
    """A scene printed in four inks, or in black, each by a screen at an angle of its own."""
    picture = scene(rng).astype(np.float32) / 255
    if rng.random() < 0.3:
        return _repeated(255 * (1 - screen(rng, 1 - picture.mean(axis=2))))
    inks = 1 - picture
    black = inks.min(axis=2)
    turn = float(rng.uniform(0, 90))
    printed = np.ones_like(picture)
    for channel, angle in enumerate((15, 75, 0)):
        printed[..., channel] -= screen(rng, inks[..., channel] - 0.7 * black, angle + turn)
    printed *= 1 - screen(rng, 0.7 * black, 45 + turn)[..., None]
    return np.rint(255 * printed).astype(np.uint8)


def ordered_dither(rng: np.random.Generator) -> Pixels:
    """A scene in two to six levels a channel, by Bayer's matrix of 2, 4 or 8."""
    matrix = np.zeros((1, 1))
    for _ in range(int(rng.integers(1, 4))):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    threshold = np.tile((matrix + 0.5) / matrix.size, (SIDE // len(matrix),) * 2)[..., None]
    picture = scene(rng) / 255
    steps = int(rng.integers(2, 7)) - 1
    if rng.random() < 0.5:
        picture = picture.mean(axis=2, keepdims=True)
    return _repeated(np.floor(picture * steps + threshold).clip(0, steps) * (255 / steps), rng)


def diffused_dither(rng: np.random.Generator) -> Pixels:
    """A scene in black and white, or in a palette of 2 to 64 of its colours, by Floyd and Steinberg's diffusion."""
    image = Image.fromarray(scene(rng))
    if rng.random() < 0.5:
        return _repeated(np.asarray(image.convert("1"), np.float32) * 255, rng)
    palette = image.quantize(int(2 ** rng.integers(1, 7)), Image.Quantize.MEDIANCUT)
    dithered = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return _repeated(np.asarray(dithered.convert("RGB"), np.float32), rng)


def _repeated(values: NDArray[Any], rng: np.random.Generator | None = None) -> Pixels:
    """RGB of grey or colour; with a generator, some are enlarged two or three times, pixel by pixel."""
    pixels = np.rint(values).astype(np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(SIDE, SIDE, 1), 3, axis=2)
    times = 1 if rng is None else int(rng.choice([1, 1, 2, 3]))
    small = pixels[: -(-SIDE // times), : -(-SIDE // times)]
    return np.ascontiguousarray(small.repeat(times, axis=0).repeat(times, axis=1)[:SIDE, :SIDE])
