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
from starlette.types import Message, Receive, Scope

from artifix.image import FORMATS
from artifix.image.formats import READABLE
from artifix.image.pillow import quiet_pillow
from artifix.serving.refusal import Refusal
from artifix.web.kept import KeptUpload
from artifix.web.limits import Limits

Result = TypeVar("Result")

FIELD: Final = "file"
_EXPECTED: Final = f"expected one picture, in the field {FIELD!r} of a multipart/form-data body, and nothing else"
_LONGEST_STEM: Final = 100  # characters
_LONGEST_NAME: Final = 255  # characters that are kept of what a client calls its file
_CHARSET: Final = re.compile(rb';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)
_SUFFIXES: Final = {format.name: format.suffixes[0] for format in FORMATS} | {
    "MPO": ".jpg"
}  # a JPEG with others behind
# .j2k and .jpx are not among them: what is written is a JP2.
_MEANINGS: Final = {suffix: format.name for format in FORMATS for suffix in format.suffixes}


class GoneError(Exception):
    """The client has left before its answer was ready."""


@dataclass(frozen=True)
class Upload:
    """A picture that has arrived."""

    folder: Path
    """Its own, for whatever is made of it."""
    path: Path
    name: str
    """What the client calls it, without folders; for the answer's name alone."""

    def answer_name(self, suffix: str) -> str:
        """What it is called once restored, with this suffix, or its own if that means the same format."""
        own = self.name[self.name.rfind(".") :] if "." in self.name else ""
        stem = self.name.removesuffix(own)[:_LONGEST_STEM].lstrip(".") or "picture"
        alike = _MEANINGS.get(own.lower(), "unknown") == _MEANINGS.get(suffix)
        return f"{stem}-restored{own if alike else suffix}"


@asynccontextmanager
async def unpack(kept: KeptUpload) -> AsyncIterator[Upload]:
    """A picture that arrived before, on disk while the context lasts."""
    with _folder() as folder:
        upload = Upload(folder, folder / "upload", kept.name)
        await asyncio.to_thread(upload.path.write_bytes, kept.content)
        yield upload


@asynccontextmanager
async def receive(request: Request, limits: Limits) -> AsyncIterator[Upload]:
    """The picture in the multipart field `file`, on disk while the context lasts.

    Refusal 400 if there is no such field or more than it, 408 if it takes too long or comes too slowly; GoneError if
    the client leaves.
    """
    paced = Request(_without_charset(request.scope), _paced(request.receive, limits))
    with _folder() as folder:
        try:
            async with asyncio.timeout(limits.transfer_seconds), paced.form(max_files=1, max_fields=0) as form:
                file = form.get(FIELD)
                if not isinstance(file, UploadFile):
                    raise Refusal(400, _EXPECTED)
                upload = Upload(folder, folder / "upload", _harmless(file.filename or ""))
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


def check(upload: Upload, max_pixels: int) -> str:
    """The suffix of the picture's own format, ".png" for one that is not written; nothing is decoded.

    Refusal 415 for what is no picture or of no known format, 413 for too many pixels.
    """
    try:
        with quiet_pillow(), Image.open(upload.path, formats=READABLE) as file:
            width, height = file.size
            suffix = _SUFFIXES.get(file.format or "", ".png")
    except UnidentifiedImageError:
        known = ", ".join(READABLE)
        raise Refusal(415, f"not a picture of a format that can be read ({known}), or a broken one") from None
    except Exception:  # what else a parser finds wrong is told when the picture is decoded
        return ".png"
    if width * height > max_pixels:
        raise Refusal(413, f"the picture has more than {max_pixels:,} pixels")
    return suffix


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


def _paced(receive: Receive, limits: Limits) -> Receive:
    """What a client sends, as long as it sends `limits.least_rate`; Refusal 408 if it is slower."""
    loop = asyncio.get_running_loop()
    began, received = loop.time(), 0

    async def receive_in_time() -> Message:
        nonlocal received
        try:
            async with asyncio.timeout_at(began + limits.patience_seconds + received / limits.least_rate):
                message = await receive()
        except TimeoutError:
            raise Refusal(408, f"the upload brings less than {limits.least_rate:,.0f} bytes a second") from None
        received += len(message.get("body", b""))
        return message

    return receive_in_time


def _without_charset(scope: Scope) -> Scope:
    """The request without the charset that its form says it has: names are UTF-8, as browsers send them."""
    headers = [
        (name, _CHARSET.sub(b"", value) if name == b"content-type" else value) for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="artifix-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _save(file: UploadFile, path: Path) -> None:
    with path.open("xb") as copy:
        shutil.copyfileobj(file.file, copy)


def _harmless(name: str) -> str:
    """A client's file name without folders and what a header cannot bear; browsers write a quote in it as %22."""
    name = re.sub(r"[\x00-\x1f\x7f]|%0[AD]", "", name).replace("%22", '"')
    return PurePosixPath(name.replace("\\", "/")).name[-_LONGEST_NAME:]
