"""The HTTP API and the page, as one ASGI application."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args

from fastapi import FastAPI, Query, Request
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from artifix.image import FORMATS
from artifix.models.catalog import VIVID
from artifix.serving.guard import guard, has_body
from artifix.serving.refusal import Refusal
from artifix.web import work
from artifix.web.kept import Kept, KeptUpload
from artifix.web.limits import Limits
from artifix.web.queue import Progress, State, WorkQueue
from artifix.web.restorers import Restorers
from artifix.web.upload import GoneError, Upload, check, receive, unpack, while_connected

Result = TypeVar("Result")

STATIC: Final = Path(__file__).parent / "static"
SUFFIXES: Final = {format.name.lower(): format.suffixes[0] for format in FORMATS}
RECORD_HEADER: Final = "Artifix-Record"


class FormatName(StrEnum):
    """The formats that are written."""

    jpeg = "jpeg"
    png = "png"
    webp = "webp"
    tiff = "tiff"
    bmp = "bmp"
    avif = "avif"
    jpeg2000 = "jpeg2000"


class Failure(BaseModel):
    """Why there is no other answer."""

    error: str


JobName = Annotated[
    str, Query(pattern="^[A-Za-z0-9_-]{0,64}$", description="A name, yours to choose, to ask /api/progress/NAME by.")
]
UploadName = Annotated[str, Query(description="What /api/uploads called the picture, in place of a body.")]
_FORM: Final = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    }
}
_BODY: Final = {"requestBody": {"required": True, "content": _FORM}}
_BODY_OR_UPLOAD: Final = {"requestBody": {"required": False, "content": _FORM}}
_FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Failure, "description": reason}
    for status, reason in {
        400: "a parameter is wrong, or the format cannot hold the picture",
        401: "the token is missing or wrong",
        408: "the upload took too long",
        409: "another picture has this job's name",
        410: "the upload of this name is not kept any more",
        413: "too many bytes or pixels",
        415: "not a picture of a format that can be read",
        422: "the picture is broken",
        429: "the queue is full; Retry-After says how many seconds to wait",
    }.items()
}
_OF_UPLOADS: Final = {status: failure for status, failure in _FAILURES.items() if status != 410}


class HeldFile(FileResponse):
    """A file as an answer, and what must be kept until it has been sent; it is let go whether it arrives or not."""

    def __init__(self, path: Path, held: AsyncExitStack, seconds: float, **options: Any) -> None:
        super().__init__(path, **options)
        self._held, self._seconds = held, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file within `seconds`; TimeoutError if a client reads more slowly."""
        async with self._held, asyncio.timeout(self._seconds):
            await super().__call__(scope, receive, send)


def create_app(
    limits: Limits | None = None,
    *,
    token: str = "",
    models: Mapping[str, str | Path] | None = None,
    vivid: str | Path = VIVID,
) -> FastAPI:
    """The application. With a token, clients must bear it; without, it answers to this machine's own names only.

    `models` gives the offered models by name, each as `Restorer` takes it; all that are shipped by default. `vivid` is
    what `detail` leads to.
    """
    limits = limits or Limits()
    queue = WorkQueue(limits)
    kept = Kept(limits.kept_bytes, limits.kept_seconds)
    restorers = Restorers(models, vivid, limits.max_memory)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await queue.close()

    app = FastAPI(
        title="artifix",
        summary="Takes the compression out of pictures.",
        version=version("artifix"),
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
    )
    guard(app, limits, token=token)
    app.exception_handler(GoneError)(_answer_nobody)

    async def process(
        held: AsyncExitStack, request: Request, job: str, name: str, do: Callable[[Upload, Progress], Result]
    ) -> tuple[Upload, Result]:
        """Take a place, get the picture, and have a worker do something with it; `held` keeps place and files."""
        if name and has_body(request.headers):
            raise Refusal(400, "upload: stands for a body; there cannot be both")
        place = held.enter_context(queue.place(job))
        arriving = unpack(kept.get(name)) if name else receive(request, limits)
        upload = await held.enter_async_context(arriving)
        return upload, await while_connected(request, queue.run(place, partial(do, upload)))

    @app.post("/api/restore", response_class=FileResponse, responses=_FAILURES, openapi_extra=_BODY_OR_UPLOAD)
    async def restore(
        request: Request,
        model: Annotated[str, Query(description="One of /api/models; else what suits the picture's format.")] = "",
        strength: Annotated[
            float, Query(ge=0, le=1, allow_inf_nan=False, description="0: the input, 1: fully restored.")
        ] = 1.0,
        detail: Annotated[
            float, Query(ge=0, le=1, allow_inf_nan=False, description="0: faithful, 1: vivid; where the model has it.")
        ] = 0.0,
        format: Annotated[FormatName | None, Query(description="The input's own by default, or else PNG.")] = None,
        upload: UploadName = "",
        job: JobName = "",
    ) -> Response:
        """Restore the picture in the field `file`: the file that `artifix restore` would write, metadata kept."""
        if model and model not in restorers.cards:
            raise Refusal(400, f"model: no such model; known are {', '.join(restorers.cards)}")

        def do(picture: Upload, progress: Progress) -> Any:
            suffix = SUFFIXES[format] if format else ""
            return work.restore(
                picture, progress, limits.max_pixels, suffix, lambda: restorers.get(model, strength, detail)
            )

        async with AsyncExitStack() as held:
            picture, (path, record) = await process(held, request, job, upload, do)
            answer = picture.answer_name(path.suffix)
            told = dataclasses.asdict(record) | {"input": picture.name, "output": answer}
            return HeldFile(
                path,
                held.pop_all(),
                limits.transfer_seconds,
                filename=answer,
                headers={RECORD_HEADER: json.dumps(told), "Cache-Control": "no-store"},
            )

    @app.post("/api/inspect", responses=_FAILURES, openapi_extra=_BODY_OR_UPLOAD)
    async def inspect(request: Request, upload: UploadName = "", job: JobName = "") -> dict[str, Any]:
        """What the picture tells of its compression; `summary` says it in words."""
        async with AsyncExitStack() as held:
            _, found = await process(held, request, job, upload, partial(work.describe, max_pixels=limits.max_pixels))
        return found

    @app.post("/api/preview", response_class=FileResponse, responses=_FAILURES, openapi_extra=_BODY_OR_UPLOAD)
    async def preview(request: Request, upload: UploadName = "", job: JobName = "") -> Response:
        """The picture as it came, its first frame, as PNG: for browsers that do not know its format."""
        async with AsyncExitStack() as held:
            _, path = await process(held, request, job, upload, partial(work.preview, max_pixels=limits.max_pixels))
            return HeldFile(path, held.pop_all(), limits.transfer_seconds, headers={"Cache-Control": "no-store"})

    @app.post("/api/uploads", status_code=201, responses=_OF_UPLOADS, openapi_extra=_BODY)
    async def keep(request: Request, job: JobName = "") -> dict[str, str]:
        """Keep the picture in the field `file` in memory for a while; `upload` is the name to ask for it by."""
        with queue.place(job):
            async with receive(request, limits) as upload:
                await asyncio.to_thread(check, upload, limits.max_pixels)
                content = await asyncio.to_thread(upload.path.read_bytes)
        return {"upload": kept.put(KeptUpload(content, upload.name))}

    @app.get("/api/progress/{job}")
    async def progress(job: str) -> dict[str, Any]:
        """What a picture is at: its state (unknown once it is done), how many wait before it, the share done."""
        return queue.describe(job)

    @app.get("/api/models")
    async def list_models() -> dict[str, Any]:
        """The models' cards, and the formats that are written."""
        return {
            "default": restorers.default,
            "models": [
                dataclasses.asdict(card) | {"name": name, "detail": restorers.has_detail(name)}
                for name, card in restorers.cards.items()
            ],
            "formats": SUFFIXES,
        }

    @app.get("/api/health")
    async def health() -> dict[str, Any]:
        """Whether the server is well, how busy it is, and its limits."""
        return {
            "status": "ok",
            "version": app.version,
            **{state: queue.count(state) for state in get_args(State)},
            "limits": dataclasses.asdict(limits),
        }

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the client has left"}, 499)
