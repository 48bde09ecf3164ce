"""Make the samples that the web page shows: a JPEG and its restoration, and a detail of it by each choice of model.

    python tools/docs/samples.py [--out src/artifix/web/static/samples]

The picture is scikit-image's `chelsea` (Stéfan van der Walt, CC0). To be run again whenever a choice's model changes.
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from artifix.restoration import Restorer
from artifix.web.offers import CHOICES

ROOT = Path(__file__).parents[2]
QUALITY = 10
TOP, LEFT, SIDE = 120, 118, 72  # of the detail: an eye's edge, and fur
LOOK = {"quality": 90, "method": 6}  # of what is shown, in WebP


def main() -> None:
    """Write cat.jpg, cat-restored.webp and a ROLE.webp for each choice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "src/artifix/web/static/samples")
    folder = parser.parse_args().out
    folder.mkdir(exist_ok=True)
    file = BytesIO()
    Image.fromarray(data.chelsea()).save(file, "JPEG", quality=QUALITY)
    (folder / "cat.jpg").write_bytes(file.getvalue())
    degraded = np.asarray(Image.open(file))
    for number, choice in enumerate(CHOICES):
        restored = Restorer(choice.model).restore_image(degraded)
        detail = Image.fromarray(restored[TOP : TOP + SIDE, LEFT : LEFT + SIDE])
        detail.resize((2 * SIDE, 2 * SIDE), Image.Resampling.LANCZOS).save(folder / f"{choice.role}.webp", **LOOK)
        if not number:
            Image.fromarray(restored).save(folder / "cat-restored.webp", **LOOK)


if __name__ == "__main__":
    main()
