"""Write a picture file: by its suffix, whole or not at all, and with nothing lost that is not said."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
from PIL import Image

from artifix.errors import OutputError
from artifix.image import jp2, jpeg_metadata
from artifix.image.formats import Format, output_format
from artifix.image.gif import has_half_clear, write_gif
from artifix.image.heif import write_heif
from artifix.image.held import held, left_out
from artifix.image.metadata import Metadata
from artifix.image.output import atomic_output
from artifix.image.picture import Picture, Pixels, bands, interleaved, to_uint8
from artifix.image.pillow import quiet_pillow
from artifix.image.png import WithChunks, png_options, write_deep_png
from artifix.image.tiff import write_tiff
from artifix.jpeg.quantisation import quantisation_tables

_JPEG: Final = output_format(Path("x.jpg"))
# What encoders raise, beside OSError, at what they cannot express.
_INEXPRESSIBLE: Final = (ValueError, TypeError, RuntimeError, SyntaxError, OverflowError, struct.error)


def write_picture(
    path: str | Path,
    picture: Picture,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    mode: int | None = None,
) -> None:
    """Write the picture in the format of the path's suffix, with all of its metadata that the format can hold.

    PNG, TIFF, JPEG 2000 and BMP are lossless, and PNG and TIFF keep 16 bits. JPEG and AVIF are written at `quality`
    (1..100, 95 where none is given) with full chroma and exact alpha, WebP without loss unless a quality is given.
    `losses` tells beforehand what the file will lack.

    The file appears whole or not at all: it is written beside its place and put there at the end. Unless `overwrite`,
    it never takes the place of another, not even of one that appears meanwhile. `mode` is a new file's permissions,
    what is usual if None. OutputError, one line naming the file,
    for an unknown suffix, an output that exists or cannot be written, a picture too large for its format, and
    transparency that the format has no place for (an alpha that is opaque everywhere is left out without harm).
    """
    path = Path(path)
    format = output_format(path)
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1..100, got {quality}")
    picture = fitted(path, format, picture)
    with encoding(path, format, overwrite=overwrite, mode=mode) as file:
        _encode(file, format, picture, format.default_quality if quality is None and format is not _JPEG else quality)


@contextmanager
def encoding(path: Path, format: Format, *, overwrite: bool, mode: int | None = None) -> Iterator[BinaryIO]:
    """The file to encode into, as `atomic_output`; what an encoder cannot express is an OutputError, too."""
    try:
        with atomic_output(path, overwrite=overwrite, mode=mode) as file, quiet_pillow():
            yield file
    except MemoryError:
        raise OutputError(f"{path}: not enough memory to encode it") from None
    except _INEXPRESSIBLE as error:
        raise OutputError(f"{path}: cannot be encoded as {format.name} ({error})") from error


def write_image(
    path: str | Path,
    image: Pixels,
    *,
    like: Picture | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write an (H, W, 3) RGB or (H, W) grey image, uint8 or uint16, with the alpha and the metadata of `like`.

    Errors as in `write_picture`; ValueError for another kind of array, and an alpha of another size than the image.
    """
    if image.dtype not in (np.uint8, np.uint16) or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise ValueError(f"expected (H, W, 3) or (H, W), uint8 or uint16, got {image.shape} {image.dtype}")
    alpha = None if like is None else like.alpha
    if alpha is not None and alpha.shape != image.shape[:2]:
        raise ValueError(f"the alpha's shape {alpha.shape} is not the image's, {image.shape[:2]}")
    if alpha is not None and alpha.dtype != image.dtype:
        alpha = to_uint8(alpha) if image.dtype == np.uint8 else alpha.astype(np.uint16) * np.uint16(257)
    metadata = Metadata() if like is None else like.metadata
    picture = Picture(image, "L" if image.ndim == 2 else "RGB", alpha, metadata=metadata)
    write_picture(path, picture, quality=quality, overwrite=overwrite)


def losses(path: str | Path, picture: Picture, *, quality: int | None = None) -> tuple[str, ...]:
    """What a file of the path's suffix will lack of the picture's file, a phrase each, such as "16 bits become 8".

    Empty where nothing is lost. OutputError as in `write_picture` for what the format cannot hold at all.
    """
    path = Path(path)
    format = output_format(path)
    picture = fitted(path, format, picture)
    used = format.default_quality if quality is None else quality
    found = [*picture.notes]
    if format.quality_option and used is not None:
        finer = (
            quality is None and format is _JPEG and jpeg_tables(picture) != jpeg_tables(replace(picture, tables=None))
        )
        found.append(f"lossy {format.name}, quality {used}" + (", or finer as the input is" if finer else ""))
    if picture.pixels.dtype == np.uint16 and format.bits < 16:
        found.append(f"16 bits become {format.bits}")
    if format.name == "GIF":
        found += ["at most 256 colours are left"] * (picture.pixels.ndim == 3)
        if picture.alpha is not None and has_half_clear(picture.alpha):
            found.append("pixels become either clear or opaque")
    return (*found, *left_out(format, picture))


def fitted(path: Path, format: Format, picture: Picture) -> Picture:
    """The picture as the format can hold it; OutputError where that would not be the same picture."""
    height, width = picture.pixels.shape[:2]
    if max(height, width) > format.max_side:
        raise OutputError(
            f"{path}: {width} x {height} is too large for {format.name}, at most {format.max_side} a side"
        )
    if picture.alpha is not None and not format.alpha:
        if (picture.alpha != np.iinfo(picture.alpha.dtype).max).any():
            raise OutputError(
                f"{path}: {format.name} has no transparency, which this picture needs; PNG, WebP or TIFF has"
            )
        picture = replace(picture, alpha=None)
    if picture.black is not None and not format.cmyk:
        raise OutputError(f"{path}: {format.name} has no CMYK; write JPEG or TIFF instead")
    return picture


def _encode(file: BinaryIO, format: Format, picture: Picture, quality: int | None) -> None:
    metadata = held(format, picture)
    if format.name == "TIFF":
        write_tiff(file, picture, metadata)
    elif format.name == "PNG" and picture.pixels.dtype == np.uint16:
        write_deep_png(file, picture, metadata)
    elif format.name == "PNG":
        _to_pillow(picture).save(cast(BinaryIO, WithChunks(file, metadata)), "PNG", **png_options(metadata))
    elif format.name == "GIF":
        write_gif(file, [picture], metadata)
    elif format.name == "HEIF":
        write_heif(file, picture, metadata, quality or 0)
    elif format.name == "JPEG2000":
        encoded = BytesIO()
        _to_pillow(picture).save(encoded, "JPEG2000")
        file.writelines(jp2.with_metadata(encoded.getvalue(), metadata))
    else:
        image = _to_pillow(picture, keep_ycbcr=format.name == "JPEG")
        options = _options(format.name, image.mode, metadata, quality)
        if format is _JPEG and quality is None:
            options["qtables"] = jpeg_tables(picture)
        image.save(cast(BinaryIO, _Sink(file)), format.name, **options)
        if format.name == "JPEG":
            jpeg_metadata.finish(file, metadata)


def jpeg_tables(picture: Picture) -> list[list[int]]:
    """The tables that a JPEG is written with unless a quality is asked for: luma's and chroma's, or one for CMYK.

    They are the default quality's, and no step is coarser than in the JPEG that the picture was read from.
    """
    luma, chroma = quantisation_tables()[(_JPEG.default_quality or 100) - 1]
    own = np.array(picture.tables or [luma, chroma])
    if picture.black is not None:  # four planes that are written alike
        return [np.vstack([[luma], own]).min(axis=0).tolist()]
    return [np.minimum(luma, own[0]).tolist(), np.vstack([chroma, own[1:]]).min(axis=0).tolist()]


def _options(name: str, mode: str, metadata: Metadata, quality: int | None) -> dict[str, Any]:
    """Pillow's options for a format."""
    if name == "BMP":
        return {"dpi": metadata.dpi or (0, 0)}
    options: dict[str, Any] = {} if quality is None else {"quality": quality}
    if name == "JPEG":
        return options | {"subsampling": "4:4:4"} | jpeg_metadata.jpeg_options(metadata)
    options |= {"exif": metadata.exif, "icc_profile": metadata.icc, "xmp": metadata.xmp}
    if name == "JXL":
        options |= {"lossless": quality is None}
    elif name == "WEBP":
        options |= {"lossless": quality is None, "exact": True}  # exact: the colours under transparency too
    elif name == "AVIF":
        options |= {"subsampling": "4:4:4"} if mode != "L" else {}
        options |= {"codec": "aom", "advanced": {"alpha:lossless": "1"}} if mode.endswith("A") else {}
    return {option: value for option, value in options.items() if value is not None}


def _to_pillow(picture: Picture, *, keep_ycbcr: bool = False) -> Image.Image:
    """The picture as Pillow holds it, 8 bits, copied by bands so that only the two are in memory."""
    height, width = picture.pixels.shape[:2]
    keep_ycbcr = keep_ycbcr and picture.space == "YCbCr"
    if keep_ycbcr:
        mode = "YCbCr"
    else:
        mode = ("L" if picture.pixels.ndim == 2 else "RGB") + ("A" if picture.alpha is not None else "")
        mode = mode if picture.black is None else "CMYK"
    image = Image.new(mode, (width, height))
    for rows in bands(height, width):
        band = picture.pixels[rows] if keep_ycbcr else to_uint8(interleaved(picture, rows))
        image.paste(Image.frombytes(mode, (width, len(band)), band.tobytes()), (0, rows.start))
    return image


class _Sink:
    """A file without a descriptor: Pillow writes through it, and an error keeps its reason ("No space left")."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write
        self.flush = file.flush
