"""What the drawings share: colours, smooth fields, scenes to be printed or dithered, fonts and words."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

SIDE: Final = 384  # pixels
BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)

_LOWER: Final = "eeeetttaaaooiinnsshhrrddlluccmmfwygpbvkxqjz"
_LETTERS: Final = list(3 * _LOWER + "EATOINSHRDLUCMFWYGPBVKXQJZ0123456789.,;:!?()+-=%&@")
_FONT_FILES: Final = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Italic.ttf",
    "DejaVuSansMono.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralBol.ttf",
)


def colour(rng: np.random.Generator) -> Colour:
    """Half of them with each channel at 0 or 255, the others any."""
    r, g, b = (255 * rng.integers(2, size=3) if rng.random() < 0.5 else rng.integers(256, size=3)).tolist()
    return r, g, b


def any_colour(rng: np.random.Generator) -> Colour:
    """Any colour, each as likely as any other."""
    r, g, b = rng.integers(256, size=3).tolist()
    return r, g, b


def shade(base: Colour, by: float) -> Colour:
    """The colour multiplied, within 0..255."""
    r, g, b = (min(255, max(0, round(channel * by))) for channel in base)
    return r, g, b


def canvas(paper: Colour, scale: int = 1) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty image, `scale` times as large as a drawing, and what draws on it."""
    image = Image.new("RGB", (SIDE * scale, SIDE * scale), paper)
    return image, ImageDraw.Draw(image)


def pixels_of(image: Image.Image) -> Pixels:
    """The drawing (SIDE, SIDE, 3) of an image drawn that size, or a multiple of it, which smooths its edges."""
    return np.asarray(image.reduce(image.width // SIDE))


def field(rng: np.random.Generator, cells: int) -> Plane:
    """A smooth random surface (SIDE, SIDE) within 0..1, with about so many hills across."""
    grid = rng.random((cells + 2, cells + 2), dtype=np.float32)
    plane = np.asarray(Image.fromarray(grid).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return np.clip(plane, 0, 1)


def scene(rng: np.random.Generator) -> Pixels:
    """Something like a photograph: hills of several colours and sizes, a few things in front, some grain."""
    mixed = np.zeros((SIDE, SIDE, 3), np.float32)
    for cells, weight in ((2, 1.0), (6, 0.6), (24, float(rng.uniform(0, 0.3))), (96, float(rng.uniform(0, 0.2)))):
        tint = rng.uniform(-1, 1, 3).astype(np.float32)
        mixed += weight * (field(rng, cells) - 0.5)[..., None] * (0.6 + 0.4 * tint)
    values = np.asarray(any_colour(rng), np.float32) * 0.5 + 64 + 170 * mixed
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    pencil = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(6))):
        corner = rng.integers(-30, SIDE, 2)
        box = [*corner.tolist(), *(corner + rng.integers(20, 160, 2)).tolist()]
        (pencil.ellipse if rng.random() < 0.6 else pencil.rectangle)(box, fill=any_colour(rng))
    grain = rng.normal(0, rng.uniform(0, 6), (SIDE, SIDE, 1))
    return np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)


def blob(rng: np.random.Generator, centre: tuple[float, float], radius: float, points: int = 48) -> list[float]:
    """The outline of a smooth closed shape, x and y alternating, as ImageDraw takes it."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    waves = sum(
        rng.normal(0, 0.3 / order) * np.cos(order * angles + rng.uniform(0, 2 * np.pi)) for order in range(1, 5)
    )
    distance = radius * np.clip(1 + waves, 0.2, 2)
    stretch = rng.uniform(0.5, 1.5)
    x, y = centre[0] + distance * np.cos(angles) * stretch, centre[1] + distance * np.sin(angles)
    outline: list[float] = np.stack([x, y], axis=-1).ravel().tolist()
    return outline


def curve(rng: np.random.Generator, length: float, side: int, points: int = 40) -> list[float]:
    """A line that bends gently, somewhere in a square of this side, x and y alternating."""
    bends = np.cumsum(rng.normal(0, 0.12, points)) + rng.uniform(0, 2 * np.pi)
    step = length / points
    x = rng.uniform(0, side) + np.cumsum(np.cos(bends)) * step
    y = rng.uniform(0, side) + np.cumsum(np.sin(bends)) * step
    line: list[float] = np.stack([x, y], axis=-1).ravel().tolist()
    return line


def words(rng: np.random.Generator, letters: int) -> str:
    """So many letters and spaces, in words of one to ten letters."""
    drawn = rng.choice(_LETTERS, letters)
    drawn[np.cumsum(rng.integers(2, 11, letters)).clip(max=letters - 1)] = " "
    return "".join(drawn)


def font(rng: np.random.Generator, size: int) -> Font:
    """A font of this size in pixels: Pillow's own, or one of those that come with matplotlib, if it is installed."""
    files = font_files()
    place = int(rng.integers(len(_FONT_FILES) + 2))  # as many draws with as without matplotlib
    return ImageFont.truetype(files[place], size) if place < len(files) else ImageFont.load_default(size)


@cache
def font_files() -> tuple[str, ...]:
    """The paths of matplotlib's fonts, found without importing it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return ()
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return tuple(str(folder / name) for name in _FONT_FILES if (folder / name).is_file())
