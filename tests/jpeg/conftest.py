"""What the JPEG tests share: pictures to code, and what coding them by other means left in files/."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from artifix.image import Picture, read_picture


@pytest.fixture(scope="session")
def files() -> Path:
    """JPEGs of `drawn`, by cjpeg 2.1.5 at quality 70: `-sample 4x1` and others, `-arithmetic`, `-rgb`, `-restart 1`."""
    return Path(__file__).parent / "files"


@pytest.fixture(scope="session")
def drawn() -> NDArray[np.uint8]:
    """The picture of `files`, 39x53."""
    y, x = np.mgrid[:39, :53]
    return np.stack([(x * 5 + y) % 256, (y * 6) % 256, ((x - 20) ** 2 + (y - 15) ** 2) % 256], axis=-1).astype(np.uint8)


@pytest.fixture
def coded(tmp_path: Path):
    """coded(image, quality=75, **options) -> the image as a JPEG of Pillow's, read again."""

    def make(image: NDArray[np.uint8], quality: int = 75, **options) -> Picture:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality, **options)
        (tmp_path / "coded.jpg").write_bytes(file.getvalue())
        return read_picture(tmp_path / "coded.jpg")

    return make
