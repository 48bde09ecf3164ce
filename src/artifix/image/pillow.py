"""Pillow on this package's terms: only the parsers it names, its own pixel limit, no warnings on the console."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

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
from artifix.image import extras, jxl
from artifix.image.formats import READABLE
from artifix.image.refusals import refuse, unknown_tiff
from artifix.image.scans import reason_against_scans

MAX_PIXELS: Final = 500_000_000

# 16-bit grey with alpha, which Pillow's TIFF reader lacks: taken as four bytes a pixel, and so kept whole.
_GREY_ALPHA_16: Final[dict[Any, tuple[str, str]]] = {
    (order, 1, (1,), 1, (16, 16), (2,)): ("RGBA", "RGBA") for order in (b"II", b"MM")
}

# Pillow scales grey of 2 and 4 bits to 8 bits by these factors, but not the level that a PNG has as transparent.
_COARSE_GREY: Final = {"L;2": 85, "L;4": 17}

# Pillow's limit and Python's warning filters belong to the whole process. Whoever comes first changes them, whoever
# leaves last puts them back; between the two, any number of threads read and write at a time.
_LOCK: Final = threading.Lock()
_PUT_BACK: Final = ExitStack()
_users = 0


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow's process-wide settings as this package needs them, put back at the end.

    It then has no limit of its own: whoever opens a file looks at its size before anything is decoded.
    """
    global _users
    with _LOCK:
        if _users == 0:
            _change_settings(_PUT_BACK)
        _users += 1
    try:
        yield
    finally:
        with _LOCK:
            _users -= 1
            if _users == 0:
                _PUT_BACK.close()


def _change_settings(put_back: ExitStack) -> None:
    put_back.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    put_back.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = None
    TiffImagePlugin.OPEN_INFO.update(_GREY_ALPHA_16)
    for key in _GREY_ALPHA_16:
        put_back.callback(TiffImagePlugin.OPEN_INFO.pop, key, None)


@contextmanager
def opened(path: Path, max_pixels: int, content: bytes | None = None, frame: int = 0) -> Iterator[ImageFile.ImageFile]:
    """The file as Pillow sees it, recognised by its content, its pixels not decoded yet.

    `content` is read in place of the file's own bytes; `frame` is which of several pictures, from 0. Whatever goes
    wrong inside, while it is decoded too, becomes one ImageError that names the file.
    """
    with (
        quiet_pillow(),
        _as_image_errors(path),
        _stream(path, content) as stream,
        Image.open(stream, formats=_formats(path, stream, max_pixels)) as file,
    ):
        width, height = file.size
        if width * height > max_pixels:
            raise _too_large(path, max_pixels)
        if file.format in ("JPEG", "MPO") and (reason := reason_against_scans(path, width * height)):
            raise ImageError(f"{path}: {reason}")
        clear = file.info.get("transparency")
        if isinstance(clear, int) and file.tile:
            file.info["transparency"] = clear * _COARSE_GREY.get(str(file.tile[0].args), 1)
        if frame:
            file.seek(frame)
            if file.width * file.height > max_pixels:
                raise _too_large(path, max_pixels)
        yield file


def promised_pixels(path: Path, max_pixels: int) -> int:
    """How many pixels a file's first picture has by its header. ImageError as in `opened`."""
    with _as_image_errors(path), _stream(path, None) as stream:
        if extras.format_of(stream.read(extras.HEAD)) == "JXL":  # which is decoded as soon as it is opened
            width, height = jxl.size_of(stream)
            return width * height
    with opened(path, max_pixels) as file:
        return file.width * file.height


@contextmanager
def _as_image_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except ArtifixError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{path}: {_unidentified(path)}") from None
    except MemoryError:
        raise ImageError(f"{path}: not enough memory to decode it") from None
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror or _broken(error)}") from error
    except Exception as error:  # a parser may raise anything at all on a broken file
        raise ImageError(f"{path}: {_broken(error)}") from error


def _stream(path: Path, content: bytes | None) -> BinaryIO:
    """The file, of which nothing is decoded before its kind and the number of its parts are looked at."""
    if path.is_fifo():  # to open it would wait, and it can be read only once
        raise ImageError(f"{path}: is a pipe, and pictures are read from files")
    stream = path.open("rb") if content is None else BytesIO(content)
    try:
        refuse(stream)
    except BaseException as error:
        stream.close()
        if isinstance(error, ValueError):
            raise ImageError(f"{path}: {error}") from None
        raise
    return stream


def _formats(path: Path, stream: BinaryIO, max_pixels: int) -> tuple[str, ...]:
    """The formats to be tried: those of Pillow itself, or the one of an extra that the file is known to have."""
    format = extras.format_of(stream.read(extras.HEAD))
    stream.seek(0)
    if format is None:
        return READABLE
    if reason := extras.register(format):
        raise ImageError(f"{path}: {reason}")
    if format == "JXL":
        width, height = jxl.size_of(stream)
        stream.seek(0)
        if width * height > max_pixels:
            raise _too_large(path, max_pixels)
    return (format,)


def _too_large(path: Path, max_pixels: int) -> ImageError:
    return ImageError(f"{path}: more than {max_pixels:,} pixels; --max-pixels raises the limit")


def _broken(error: Exception) -> str:
    return f"broken or truncated picture ({' '.join(str(error).split()) or type(error).__name__})"


def _unidentified(path: Path) -> str:
    if path.stat().st_size == 0:
        return "the file is empty"
    with path.open("rb") as stream:
        if kind := unknown_tiff(stream):
            return kind
    return "not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP, AVIF, JPEG 2000, GIF), or a broken one"
