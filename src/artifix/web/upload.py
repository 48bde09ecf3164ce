"""A client's picture on its way in: into a folder of its own that is gone afterwards, its name never part of a path."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from PIL import Image, UnidentifiedImageError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from artifix.image import WRITABLE_SUFFIXES
from artifix.image.formats import READABLE
from artifix.image.pillow import quiet_pillow
from artifix.serving.refusal import Refusal
from artifix.web.kept import KeptUpload
from artifix.web.limits import Limits

Result = TypeVar("Result")

FIELD: Final = "file"
_EXPECTED: Final = f"expected one picture, in the field {FIELD!r} of a multipart/form-data body, and nothing else"
_LONGEST_STEM: Final = 100  # characters


class GoneError(Exception):
    """The client has left before its answer was ready."""


@dataclass(frozen=True)
class Upload:
    """A picture that has arrived."""

    folder: Path
    """Its own, for whatever is made of it."""
    path: Path
    stem: str
    """What the client calls it, without folders and suffix; for the answer's name alone."""
    suffix: str
    """The format to answer in unless another is asked for: the name's own where that is written, else ".png"."""


@asynccontextmanager
async def unpack(kept: KeptUpload) -> AsyncIterator[Upload]:
    """A picture that arrived before, on disk while the context lasts."""
    with _folder() as folder:
        upload = Upload(folder, folder / "upload", kept.stem, kept.suffix)
        await asyncio.to_thread(upload.path.write_bytes, kept.content)
        yield upload


@asynccontextmanager
async def receive(request: Request, limits: Limits) -> AsyncIterator[Upload]:
    """The picture in the multipart field `file`, on disk while the context lasts.

    Refusal 400 if there is no such field or more than it, 408 if it takes too long; GoneError if the client leaves.
    """
    with _folder() as folder:
        try:
            async with asyncio.timeout(limits.transfer_seconds), request.form(max_files=1, max_fields=0) as form:
                file = form.get(FIELD)
                if not isinstance(file, UploadFile):
                    raise Refusal(400, _EXPECTED)
                stem, suffix = _name(file.filename or "")
                upload = Upload(folder, folder / "upload", stem, suffix)
                await asyncio.to_thread(_save, file, upload.path)
        except TimeoutError:
            raise Refusal(408, f"the upload took more than {limits.transfer_seconds:g} seconds") from None
        except Refusal:
            raise
        except HTTPException as error:  # the framework's
            raise Refusal(400, f"{_EXPECTED}: {error.detail}") from error
        except ClientDisconnect:
            raise GoneError from None
        yield upload


def check(upload: Upload, max_pixels: int) -> None:
    """Refusal 415 for what is no picture or of no known format, 413 for too many pixels; nothing is decoded."""
    try:
        with quiet_pillow(), Image.open(upload.path, formats=READABLE) as file:
            width, height = file.size
    except UnidentifiedImageError:
        known = ", ".join(READABLE)
        raise Refusal(415, f"not a picture of a format that can be read ({known}), or a broken one") from None
    except Exception:  # what else a parser finds wrong is told when the picture is decoded
        return
    if width * height > max_pixels:
        raise _too_many(max_pixels)


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` returns; cancelled, and GoneError raised, if the client leaves first. The body has been read."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnect(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise GoneError
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="artifix-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _save(file: UploadFile, path: Path) -> None:
    with path.open("xb") as copy:
        shutil.copyfileobj(file.file, copy)


def _name(name: str) -> tuple[str, str]:
    """A client's file name as a harmless stem and a suffix out of the list of those that are written."""
    last = PurePosixPath(re.sub(r"[\x00-\x1f\x7f\"]", "", name).replace("\\", "/"))
    suffix = last.suffix.lower()
    return last.stem[:_LONGEST_STEM] or "picture", suffix if suffix in WRITABLE_SUFFIXES else ".png"


def _too_many(max_pixels: int) -> Refusal:
    return Refusal(413, f"the picture has more than {max_pixels:,} pixels")
