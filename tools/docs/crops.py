"""Lay crops of degraded, restored and target pictures side by side, at one pixel for one, into docs/images/detail.png.

    python tools/docs/crops.py [--model jpeg,mse,gan,runs/mine.onnx] [--quality 10] [-o docs/images/detail.png]

The pictures come with scikit-image. A face: the astronaut Eileen Collins, by NASA, public domain. Text: `text`, from
Wikipedia, public domain. Foliage: `grass`, by linolafett, CC0. Sky: `rocket`, by SpaceX, public domain.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import data as samples

from artifix.codecs import decode, encode
from artifix.evaluate.methods import JPEG, Method, load_methods
from artifix.image import write_image
from artifix.models.catalog import model_names

Pixels = NDArray[np.uint8]

METHODS: Final = ("jpeg", "mse", "ssim", "gan")
SIDE: Final = 160  # of a crop, pixels
# What is shown: scikit-image's name, and the crop's top and left.
CROPS: Final = {
    "face": ("astronaut", 30, 145),
    "text": ("text", 6, 180),
    "foliage": ("grass", 60, 60),
    "sky": ("rocket", 115, 90),
}
GAP, BAND, SIZE = 4, 22, 15  # pixels: between crops, of a row of words, of a letter
WHITE: Final = 255


def main() -> None:
    """Restore the pictures by every method and write the grid."""
    shipped = ",".join(name for name in METHODS if name in (JPEG.name, *model_names()))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=shipped, help=f"names or .onnx files, with commas; {shipped} by default")
    parser.add_argument("--quality", type=int, default=10)
    output = Path(__file__).parents[2] / "docs" / "images" / "detail.png"
    parser.add_argument("-o", "--output", type=Path, default=output)
    options = parser.parse_args()
    write_image(options.output, grid(load_methods(options.model.split(",")), options.quality), overwrite=True)


def grid(methods: list[Method], quality: int) -> Pixels:
    """A row for each of `CROPS`, a column for each method and the target, words above the columns: (H, W, 3)."""
    names = [f"degraded, quality {quality}" if method is JPEG else method.name for method in methods]
    rows = [words([*names, "target"])]
    for sample, top, left in CROPS.values():
        target = getattr(samples, sample)()
        file = encode(target, quality=quality)
        images = [method.restore(decode(file), file) for method in methods]
        rows.append(beside([crop(image, top, left) for image in [*images, target]]))
    return np.concatenate([np.pad(row, ((0, GAP), (0, 0), (0, 0)), constant_values=WHITE) for row in rows])


def crop(image: Pixels, top: int, left: int) -> Pixels:
    part = image[top : top + SIDE, left : left + SIDE]
    return part if part.ndim == 3 else np.repeat(part[..., None], 3, axis=2)


def beside(images: list[Pixels]) -> Pixels:
    gap = np.full((len(images[0]), GAP, 3), WHITE, np.uint8)
    return np.concatenate([piece for image in images for piece in (image, gap)][:-1], axis=1)


def words(names: list[str]) -> Pixels:
    """A band with a name above each column."""
    width = (SIDE + GAP) * len(names) - GAP
    band = Image.new("RGB", (width, BAND), (WHITE, WHITE, WHITE))
    draw, font = ImageDraw.Draw(band), ImageFont.load_default(SIZE)
    for column, name in enumerate(names):
        centre = column * (SIDE + GAP) + SIDE / 2
        draw.text((centre, BAND / 2), name, fill=(0, 0, 0), font=font, anchor="mm")
    return np.asarray(band)


if __name__ == "__main__":
    main()
