"""The API's operations with videos: one restored frame at once, the whole video as work that is asked for again."""

import dataclasses
import json
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from starlette.responses import FileResponse, JSONResponse, Response

from artifix.video.clip import Clip
from artifix.web import video as work
from artifix.web.answers import (
    BODY_OR_UPLOAD,
    FAILURES,
    NAMED,
    RECORD_HEADER,
    Failure,
    JobProgress,
    VideoName,
    picture,
)
from artifix.web.intake import Intake
from artifix.web.parameters import JobName, ModelName, Strength, UploadName
from artifix.web.queue import Progress
from artifix.web.restorers import Restorers
from artifix.web.sending import HeldFile
from artifix.web.upload import Upload, while_connected
from artifix.web.videos import Videos

_GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": Failure, "description": "the video has been removed, or there was none"}
}
_FRESH = {"Cache-Control": "no-store"}


def add_videos(app: FastAPI, intake: Intake, videos: Videos, restorers: Restorers) -> None:
    """Add the operations to the application."""
    limits = intake.limits

    async def look_at(request: Request, uploaded: Upload, name: str) -> Clip:
        with intake.queue.place(name) as place:
            examine = partial(work.examine, uploaded, limits=limits)
            return await while_connected(request, intake.queue.run(place, examine))

    @app.post(
        "/api/frame",
        response_class=FileResponse,
        responses=picture("The frame.", "image/png") | FAILURES,
        openapi_extra=BODY_OR_UPLOAD,
    )
    async def show_frame(
        request: Request,
        at: Annotated[
            float, Query(ge=0, le=1, allow_inf_nan=False, description="0: the first frame, 1: the last.")
        ] = 0.5,
        model: ModelName = "",
        strength: Strength = 1.0,
        upload: UploadName = "",
        job: JobName = "",
    ) -> Response:
        """One frame of the video in the field `file`, restored, as PNG; with strength 0 as it came."""
        restorers.ensure_known(model)

        def do(uploaded: Upload, progress: Progress) -> Path:
            get = partial(restorers.get, model, strength) if strength else None
            return work.show_frame(uploaded, progress, limits, at, get)

        async with AsyncExitStack() as held:
            _, path = await intake.process(held, request, job, upload, do)
            return HeldFile(path, held.pop_all(), limits.transfer_seconds, headers=_FRESH)

    @app.post("/api/videos", status_code=202, responses=FAILURES, openapi_extra=BODY_OR_UPLOAD)
    async def start_video(
        request: Request, model: ModelName = "", strength: Strength = 1.0, upload: UploadName = "", job: JobName = ""
    ) -> VideoName:
        """Begin to restore the video in the field `file`: the file that `artifix restore` would write, sound kept.

        That takes minutes: `video` is its name in GET /api/videos/NAME. A video that is not requested for a while is
        removed.
        """
        restorers.ensure_known(model)
        async with AsyncExitStack() as held:
            place, uploaded = await intake.arrive(held, request, videos.queue, "", upload)
            clip = await look_at(request, uploaded, job)
            options = restorers.options(model, strength)
            restore = partial(work.restore, uploaded, clip=clip, name=model, options=options)
            return VideoName(video=await videos.start(held.pop_all(), place, restore))

    @app.get(
        "/api/videos/{video}",
        response_class=FileResponse,
        responses=picture("The restored video.", *work.TYPES.values(), **NAMED)
        | {202: {"model": JobProgress, "description": "It is being restored; ask again."}}
        | {status: FAILURES[status] for status in (400, 422, 503)}
        | _GONE,
    )
    async def fetch_video(video: str) -> Response:
        """The restored video, or its progress."""
        started = videos.find(video)
        if not started.task.done():
            return JSONResponse(videos.queue.describe_job(started.job), 202)
        path, record = started.task.result()
        return HeldFile(
            path,
            AsyncExitStack(),
            limits.transfer_seconds,
            media_type=work.TYPES[path.suffix],
            filename=record.output,
            headers={RECORD_HEADER: json.dumps(dataclasses.asdict(record)), **_FRESH},
        )

    @app.delete("/api/videos/{video}", status_code=204, responses=_GONE)
    async def drop_video(video: str) -> None:
        """Remove a video, whether it has been restored or not."""
        await videos.drop(video)
