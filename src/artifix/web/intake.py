"""From a request to a worker: a place in the queue, the upload, and what is done with it."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fastapi import Request

from artifix.serving.draining import has_body
from artifix.serving.refusal import Refusal
from artifix.web.kept import Kept
from artifix.web.limits import Limits
from artifix.web.queue import Job, Progress, WorkQueue
from artifix.web.upload import Upload, receive, unpack, while_connected

Result = TypeVar("Result")


@dataclass(frozen=True)
class Intake:
    """What takes pictures in."""

    limits: Limits
    queue: WorkQueue
    kept: Kept

    async def arrive(
        self, held: AsyncExitStack, request: Request, queue: WorkQueue, job: str, name: str
    ) -> tuple[Job, Upload]:
        """Take a place in a queue, and get the request's upload, or the kept one of this name; `held` keeps both."""
        if name and has_body(request.headers):
            raise Refusal(400, "upload: stands for a body; there cannot be both")
        place = held.enter_context(queue.place(job))
        arriving = unpack(self.kept.get(name)) if name else receive(request, self.limits)
        return place, await held.enter_async_context(arriving)

    async def process(
        self, held: AsyncExitStack, request: Request, job: str, name: str, do: Callable[[Upload, Progress], Result]
    ) -> tuple[Upload, Result]:
        """Take a place, get the picture, and have a worker do something with it; `held` keeps place and files."""
        place, upload = await self.arrive(held, request, self.queue, job, name)
        return upload, await while_connected(request, self.queue.run(place, partial(do, upload)))
