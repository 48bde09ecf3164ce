"""Videos that are being restored, and restored ones that wait to be fetched.

A video takes minutes, longer than browsers and proxies wait for an answer. So a client starts one, requests its
progress now and then, fetches the file, and removes it. A video that no client requests is removed after
`limits.unattended_seconds`.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artifix.restoration import Record
from artifix.serving.refusal import Refusal
from artifix.web.limits import Limits
from artifix.web.queue import Job, Progress, WorkQueue

Work = Callable[[Progress], tuple[Path, Record]]


@dataclass
class Started:
    """A video that was started."""

    job: Job
    task: asyncio.Task[tuple[Path, Record]]
    held: AsyncExitStack
    """Its place in the queue, and its files."""
    asked: float
    """When a client requested it last, by the monotonic clock."""


class Videos:
    """At most `limits.videos` at once, one of them worked on; used from one event loop.

    Their names cannot be guessed.
    """

    def __init__(self, limits: Limits) -> None:
        self.queue = WorkQueue(limits.of_videos)
        self._seconds = limits.unattended_seconds
        self._started: dict[str, Started] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._dropping: asyncio.Future[list[Any]] | None = None  # asyncio itself keeps only weak references

    async def start(self, held: AsyncExitStack, job: Job, work: Work) -> str:
        """Have a video that has arrived restored, and return its name. Refusal 429 if there is no place for it.

        `held` is closed when the video is removed or has failed; of one that has failed only the reason is kept.
        """
        try:
            self.queue.admit(job)
        except Refusal:
            await held.aclose()
            raise
        name = secrets.token_urlsafe(16)
        task = asyncio.create_task(self._carry_out(held, job, work))
        self._started[name] = Started(job, task, held, time.monotonic())
        self._expect()
        return name

    async def _carry_out(self, held: AsyncExitStack, job: Job, work: Work) -> tuple[Path, Record]:
        try:
            return await self.queue.carry_out(job, work)
        except BaseException:
            await held.aclose()
            raise

    def find(self, name: str) -> Started:
        """The video of this name; Refusal 410 if there is none any more."""
        try:
            video = self._started[name]
        except KeyError:
            raise Refusal(410, "no such video any more; send it again") from None
        video.asked = time.monotonic()
        return video

    async def drop(self, name: str) -> None:
        """Remove a video: its restoration ends and its files are deleted. Refusal 410 as for `find`."""
        video = self.find(name)
        del self._started[name]
        video.task.cancel()
        await asyncio.wait([video.task])
        if not video.task.cancelled():
            video.task.exception()  # retrieved, so that asyncio does not log it
        await video.held.aclose()

    async def close(self) -> None:
        """Remove all videos, and wait until every place has been given back."""
        self.queue.stop()
        for name in list(self._started):
            await self.drop(name)
        if self._watch:
            self._watch.cancel()
        await self.queue.close()

    def _expect(self) -> None:
        """Look again when the first video may have gone unrequested for too long."""
        if self._watch is None and self._started:
            first = min(video.asked for video in self._started.values())
            delay = max(0.0, first + self._seconds - time.monotonic())
            self._watch = asyncio.get_running_loop().call_later(delay, self._drop_forgotten)

    def _drop_forgotten(self) -> None:
        self._watch = None
        before = time.monotonic() - self._seconds
        forgotten = [name for name, video in self._started.items() if video.asked <= before]
        self._dropping = asyncio.gather(*(self.drop(name) for name in forgotten), return_exceptions=True)
        self._dropping.add_done_callback(lambda done: self._expect())
