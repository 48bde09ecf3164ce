"""What a worker does with an uploaded picture: restore it, inspect it, or make of it what every browser shows."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifix.errors import CodecError, ImageError, ModelError, OutputError, VideoError
from artifix.image import read_picture, write_image, write_picture
from artifix.inspection import inspect
from artifix.restoration import Record, Restorer
from artifix.restoration.bound import rule_for
from artifix.restoration.verify import coefficients_of, map_of, verify_picture
from artifix.serving.refusal import Refusal
from artifix.web.queue import Progress
from artifix.web.upload import Upload, check


@dataclass(frozen=True)
class Written:
    """How a restored picture is written."""

    suffix: str = ""
    """Of its format; empty for the picture's own, or PNG where that is not written."""
    quality: int | None = None
    """The encoder's, 1..100; None for the format's default."""


def restore(
    upload: Upload, progress: Progress, max_pixels: int, written: Written, get_restorer: Callable[[], Restorer]
) -> tuple[Path, Record]:
    """The picture restored into a file, just as `Restorer.restore_file` writes it."""
    own = check(upload, max_pixels)
    target = upload.folder / f"restored{written.suffix or own}"
    with refusing(upload.folder):
        return target, get_restorer().restore_file(
            upload.path, target, quality=written.quality, max_pixels=max_pixels, progress=progress
        )


def describe(upload: Upload, progress: Progress, max_pixels: int) -> dict[str, Any]:
    """What `inspect` finds in the picture, its line for people under `summary`."""
    check(upload, max_pixels)
    with refusing(upload.folder):
        found = inspect(upload.path, max_pixels=max_pixels, check=lambda: progress(0.0))
    return {"summary": found.summary} | dataclasses.asdict(found)


def preview(upload: Upload, progress: Progress, max_pixels: int) -> Path:
    """The picture as it came, its first frame, in a PNG file: for browsers that do not know its format."""
    check(upload, max_pixels)
    target = upload.folder / "preview.png"
    with refusing(upload.folder):
        picture = read_picture(upload.path, max_pixels=max_pixels, coefficients=False, check=lambda: progress(0.0))
        write_picture(target, picture)
    return target


def map_bound(upload: Upload, progress: Progress, max_pixels: int, get_restorer: Callable[[], Restorer]) -> Path:
    """A map, in a PNG file, of where the picture as restored without the file's bound leaves it: see `map_of`."""
    check(upload, max_pixels)
    target = upload.folder / "bound.png"
    with refusing(upload.folder):
        picture = read_picture(upload.path, max_pixels=max_pixels, check=lambda: progress(0.0))
        coefficients_of(upload.path, picture)
        unbounded = get_restorer().restore_picture(picture, progress, rule_for(picture, "never"))
        write_image(target, map_of(verify_picture(upload.path, picture, upload.path, unbounded), picture))
    return target


@contextmanager
def refusing(folder: Path) -> Iterator[None]:
    """Make refusals of errors: 422 for the picture or video, 400 for a model or a format that does not go with it."""
    try:
        yield
    except (ImageError, VideoError) as error:
        raise Refusal(422, _without(folder, str(error))) from error
    except (ModelError, CodecError, OutputError) as error:
        if isinstance(error.__cause__, OSError):  # the disk, not the picture
            raise
        raise Refusal(400, _without(folder, str(error))) from error


def _without(folder: Path, text: str) -> str:
    """An error's line without where the picture lies on this machine."""
    within = rf"{re.escape(str(folder))}(?:[/\\][\w.]+)?"
    return re.sub(within, "the picture", re.sub(rf"{within}: ", "", text))
