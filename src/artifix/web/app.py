"""The HTTP API and the page, as one ASGI application."""

import asyncio
import dataclasses
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from fastapi import Depends, FastAPI, Query, Request
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from artifix.image import decoding_in_children
from artifix.models.catalog import VIVID
from artifix.serving.guard import METRICS, OPEN, guard
from artifix.serving.refusal import Refusal
from artifix.video.formats import is_video
from artifix.web import work
from artifix.web.answers import (
    BODY,
    BODY_OR_UPLOAD,
    FAILURES,
    NAMED,
    OF_UPLOADS,
    RECORD_HEADER,
    SUFFIXES,
    FormatName,
    Health,
    JobProgress,
    KeptName,
    ModelList,
    picture,
)
from artifix.web.intake import Intake
from artifix.web.kept import Kept, KeptUpload
from artifix.web.limits import Limits
from artifix.web.metrics import Metrics
from artifix.web.offers import choices_among
from artifix.web.openapi import describe
from artifix.web.parameters import Detail, JobName, ModelName, Strength, UploadName
from artifix.web.queue import Progress, State, WorkQueue
from artifix.web.restorers import Restorers
from artifix.web.sending import HeldFile
from artifix.web.upload import GoneError, Upload, check, while_connected
from artifix.web.video import examine, takes_videos
from artifix.web.video_routes import add_videos
from artifix.web.videos import Videos

STATIC: Final = Path(__file__).parent / "static"


def create_app(
    limits: Limits | None = None,
    *,
    token: str = "",
    models: Mapping[str, str | Path] | None = None,
    vivid: str | Path = VIVID,
    origins: Collection[str] = (),
    root_path: str = "",
) -> FastAPI:
    """The application. With a token, clients must bear it; without, it answers to this machine's own names only.

    `models` gives the offered models by name, each as `Restorer` takes it; all that are shipped by default. `vivid` is
    what `detail` leads to. Pages of the `origins` ("https://pictures.example") may use the API from a browser.
    `root_path` is what a proxy puts before every path ("/artifix"), whether it takes that away again or not.
    """
    limits = limits or Limits()
    queue = WorkQueue(limits)
    kept = Kept(limits.kept_bytes, limits.kept_seconds)
    restorers = Restorers(models, vivid, limits.max_memory)
    intake, videos = Intake(limits, queue, kept), Videos(limits)

    def count(state: State) -> int:
        return queue.count(state) + videos.queue.count(state)

    def stop() -> None:
        queue.stop()
        videos.queue.stop()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with decoding_in_children():
            yield
            await videos.close()
            await queue.close()

    app = FastAPI(
        title="artifix",
        summary="Takes the compression out of pictures.",
        version=version("artifix"),
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_refuse_unknown)],
    )
    app.state.stop = stop
    metrics = Metrics(app.version, count, lambda: kept.bytes)
    guard(app, limits, token=token, origins=origins, root_path=root_path, observe=metrics.observe)
    describe(app, token=bool(token))
    app.exception_handler(GoneError)(_answer_nobody)

    @app.post(
        "/api/restore",
        response_class=FileResponse,
        responses=picture("The restored picture.", **NAMED) | FAILURES,
        openapi_extra=BODY_OR_UPLOAD,
    )
    async def restore(
        request: Request,
        model: ModelName = "",
        strength: Strength = 1.0,
        detail: Detail = 0.0,
        format: Annotated[FormatName | None, Query(description="The input's own by default, or else PNG.")] = None,
        quality: Annotated[
            int | None,
            Query(ge=1, le=100, description="The encoder's, for JPEG, WebP and AVIF; 95, and WebP without loss."),
        ] = None,
        upload: UploadName = "",
        job: JobName = "",
    ) -> Response:
        """Restore the picture in the field `file`: the file that `artifix restore` would write, metadata kept."""
        restorers.ensure_known(model)

        def do(uploaded: Upload, progress: Progress) -> Any:
            written = work.Written(format.suffix if format else "", quality)
            return work.restore(
                uploaded, progress, limits.max_pixels, written, lambda: restorers.get(model, strength, detail)
            )

        async with AsyncExitStack() as held:
            uploaded, (path, record) = await intake.process(held, request, job, upload, do)
            metrics.pixels.inc(record.width * record.height)
            answer = uploaded.answer_name(path.suffix)
            told = dataclasses.asdict(record) | {"input": uploaded.name, "output": answer}
            told["model"] = restorers.name_of(record.model)
            return HeldFile(
                path,
                held.pop_all(),
                limits.transfer_seconds,
                filename=answer,
                headers={RECORD_HEADER: json.dumps(told), "Cache-Control": "no-store"},
            )

    @app.post("/api/inspect", responses=FAILURES, openapi_extra=BODY_OR_UPLOAD)
    async def inspect(request: Request, upload: UploadName = "", job: JobName = "") -> dict[str, Any]:
        """The picture's compression; `summary` describes it in one line."""
        async with AsyncExitStack() as held:
            _, found = await intake.process(
                held, request, job, upload, partial(work.describe, max_pixels=limits.max_pixels)
            )
        return found

    @app.post(
        "/api/preview",
        response_class=FileResponse,
        responses=picture("The picture.", "image/png") | FAILURES,
        openapi_extra=BODY_OR_UPLOAD,
    )
    async def preview(request: Request, upload: UploadName = "", job: JobName = "") -> Response:
        """The picture as it came, its first frame, as PNG: for browsers that do not know its format."""
        async with AsyncExitStack() as held:
            _, path = await intake.process(
                held, request, job, upload, partial(work.preview, max_pixels=limits.max_pixels)
            )
            return HeldFile(path, held.pop_all(), limits.transfer_seconds, headers={"Cache-Control": "no-store"})

    @app.post(
        "/api/bound",
        response_class=FileResponse,
        responses=picture("The map.", "image/png") | FAILURES,
        openapi_extra=BODY_OR_UPLOAD,
    )
    async def bound(
        request: Request, model: ModelName = "", detail: Detail = 0.0, upload: UploadName = "", job: JobName = ""
    ) -> Response:
        """Where the JPEG in the field `file` bounds what a model makes of it, as a PNG of its size.

        Red blocks are those that the model alone would have taken where the original cannot have been, the brighter
        the farther; grey ones are outside by rounding alone, black ones inside.
        """
        restorers.ensure_known(model)

        def do(uploaded: Upload, progress: Progress) -> Path:
            return work.map_bound(uploaded, progress, limits.max_pixels, lambda: restorers.get(model, detail=detail))

        async with AsyncExitStack() as held:
            _, path = await intake.process(held, request, job, upload, do)
            return HeldFile(path, held.pop_all(), limits.transfer_seconds, headers={"Cache-Control": "no-store"})

    @app.post("/api/uploads", status_code=201, responses=OF_UPLOADS, openapi_extra=BODY)
    async def keep(request: Request, job: JobName = "") -> KeptName:
        """Keep the picture or video in the field `file` in memory for a while; `upload` names it in later requests.

        A file with a video's suffix is treated as a video, and `clip` describes it.
        """
        clip = None
        async with AsyncExitStack() as held:
            place, upload = await intake.arrive(held, request, queue, job, "")
            if is_video(Path(upload.name)):
                looking = queue.run(place, lambda progress: examine(upload, progress, limits))
                clip = await while_connected(request, looking)
            else:
                await asyncio.to_thread(check, upload, limits.max_pixels)
            content = await asyncio.to_thread(upload.path.read_bytes)
        return KeptName(upload=kept.put(KeptUpload(content, upload.name)), clip=clip)

    add_videos(app, intake, videos, restorers)

    @app.get("/api/progress/{job}", response_model=JobProgress)
    async def progress(job: str) -> dict[str, Any]:
        """A picture's state (unknown once it is done), how many wait in front of it, and the share that is done."""
        return queue.describe(job)

    @app.get("/api/models", response_model=ModelList)
    async def list_models() -> dict[str, Any]:
        """The choices that most people need, all models' cards, and the formats that are written."""
        return {
            "default": restorers.default,
            "choices": choices_among(restorers.cards, restorers.by_format),
            "models": [
                dataclasses.asdict(card) | {"name": name, "detail": restorers.has_detail(name)}
                for name, card in restorers.cards.items()
            ],
            "formats": SUFFIXES,
        }

    @app.get(OPEN, response_model=Health)
    async def health() -> dict[str, Any]:
        """Whether the server is well, how busy it is, and its limits."""
        return {
            "status": "ok",
            "version": app.version,
            **{state: count(state) for state in get_args(State)},
            "videos": takes_videos() and limits.video_seconds > 0,
            "limits": dataclasses.asdict(limits),
        }

    @app.get(METRICS, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
    async def expose_metrics() -> Response:
        """Requests, the queue and the process, for Prometheus."""
        return Response(metrics.expose(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/docs.html", 308)

    # Not mounted: a mount would take what the routes above refuse, and answer 404 for 405.
    app.router.default = StaticFiles(directory=STATIC, html=True)
    return app


async def _refuse_unknown(request: Request) -> None:
    """Refuse parameters that the operation does not have, and those that come twice: one of the two would be lost."""
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            names = f"choose one of {', '.join(sorted(known))}" if known else "this request takes none"
            raise Refusal(400, f"{name}: no such parameter; {names}")
        if times > 1:
            raise Refusal(400, f"{name}: given {times} times")


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the client has left"}, 499)
