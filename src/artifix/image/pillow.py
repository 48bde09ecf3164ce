"""Pillow on this package's terms: only the parsers it names, its own pixel limit, no warnings on the console."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

# Importing a plugin registers its format; without this, Pillow would look for it by loading all forty.
from PIL import (
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from artifix.errors import ArtifixError, ImageError
from artifix.image.formats import READABLE

MAX_PIXELS: Final = 500_000_000

# 16-bit grey with alpha, which Pillow's TIFF reader lacks: taken as four bytes a pixel, and so kept whole.
_GREY_ALPHA_16: Final[dict[Any, tuple[str, str]]] = {
    (order, 1, (1,), 1, (16, 16), (2,)): ("RGBA", "RGBA") for order in (b"II", b"MM")
}

# Pillow's limit and Python's warning filters belong to the whole process, so one thread at a time changes them.
# A picture is read and written in a hundredth of the time that its restoration takes.
_LOCK: Final = threading.RLock()


@contextmanager
def quiet_pillow(max_pixels: int = MAX_PIXELS) -> Iterator[None]:
    """Pillow's process-wide settings as this package needs them, put back at the end."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max_pixels  # Pillow warns above it, and refuses above twice as much
        TiffImagePlugin.OPEN_INFO.update(_GREY_ALPHA_16)
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
            for key in _GREY_ALPHA_16:
                TiffImagePlugin.OPEN_INFO.pop(key, None)


@contextmanager
def opened(path: Path, max_pixels: int) -> Iterator[ImageFile.ImageFile]:
    """The file as Pillow sees it, recognised by its content, its pixels not decoded yet.

    Whatever goes wrong inside, while it is decoded too, becomes one ImageError that names the file.
    """
    with quiet_pillow(max_pixels):
        try:
            with path.open("rb") as stream, Image.open(stream, formats=READABLE) as file:
                width, height = file.size
                if width * height > max_pixels:
                    raise Image.DecompressionBombError
                yield file
        except ArtifixError:
            raise
        except Image.DecompressionBombError:
            raise ImageError(f"{path}: more than {max_pixels:,} pixels; --max-pixels raises the limit") from None
        except UnidentifiedImageError:
            raise ImageError(f"{path}: {_unidentified(path)}") from None
        except MemoryError:
            raise ImageError(f"{path}: not enough memory to decode it") from None
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror or _broken(error)}") from error
        except Exception as error:  # a parser may raise anything at all on a broken file
            raise ImageError(f"{path}: {_broken(error)}") from error


def _broken(error: Exception) -> str:
    return f"broken or truncated picture ({' '.join(str(error).split()) or type(error).__name__})"


def _unidentified(path: Path) -> str:
    if path.stat().st_size == 0:
        return "the file is empty"
    return "not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP, AVIF, JPEG 2000, GIF), or a broken one"
