"""Pictures waiting for a worker: a bounded number of places, a pool of threads, and what each picture is at."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeVar

from artifix.serving.refusal import Refusal
from artifix.web.limits import Limits

State = Literal["arriving", "waiting", "working", "leaving"]
Progress = Callable[[float], None]
Result = TypeVar("Result")

_STOPPING: Final = "the server is being stopped"
_LONGEST_RETRY: Final = 60  # seconds
_GLANCE: Final = 0.01  # seconds between looks at what the end is waiting for
_OLD: Final = 0.8  # the weight of what was known in the running mean of a picture's time


class StoppedError(Exception):
    """Raised inside a picture that nobody waits for any more."""


class Job:
    """One picture in the house."""

    def __init__(self) -> None:
        self.state: State = "arriving"
        self.share = 0.0
        """Of the work, done, 0..1."""
        self.began = 0.0
        """When a worker took it, by the monotonic clock."""
        self.stopped = threading.Event()

    def hear(self, share: float) -> None:
        """Take note of the share done; StoppedError if the client has gone, or the server is being stopped."""
        if self.stopped.is_set():
            raise StoppedError
        self.share = share


class WorkQueue:
    """At most `limits.places` jobs at once, `limits.workers` of them worked on; used from one event loop.

    Up to `limits.arriving` more are on their way: who is slow keeps nobody else out.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="artifix-web")
        self._jobs: list[Job] = []  # in the order in which they came
        self._named: dict[str, Job] = {}
        self._seconds = 1.0  # what a picture takes: a running mean
        self._stopping = False

    @contextmanager
    def place(self, name: str = "") -> Iterator[Job]:
        """A job while the context lasts, first on its way; its progress can be asked for by name.

        It gets a place in the house when it is run. Refusal 429 if all are taken, or too many are on their way, 409 if
        the name is taken, 503 once the queue has been stopped.
        """
        if self._stopping:
            raise Refusal(503, _STOPPING)
        if self.count("arriving") >= self.limits.arriving:
            raise self._full()
        self._ensure_place()
        if name in self._named:
            raise Refusal(409, "another picture has this job's name")
        job = Job()
        self._jobs.append(job)
        if name:
            self._named[name] = job
        try:
            yield job
        finally:
            self._jobs.remove(job)
            self._named.pop(name, None)

    async def run(self, job: Job, work: Callable[[Progress], Result]) -> Result:
        """What `work` returns, called by a worker when it is this job's turn; Refusal 429 if there is no place for it.

        See `carry_out`.
        """
        self.admit(job)
        return await self.carry_out(job, work)

    async def carry_out(self, job: Job, work: Callable[[Progress], Result]) -> Result:
        """What `work` returns, called by a worker when it is the turn of this job, which has been admitted.

        If the caller is cancelled, work that has not begun never does, work that has ends at the next share that it
        tells, and only then does this return: no worker is ever at a picture that has no place.
        """

        def attend() -> Result:
            job.hear(0.0)
            job.began = time.monotonic()
            job.state = "working"
            try:
                return work(job.hear)
            finally:
                self._seconds = _OLD * self._seconds + (1 - _OLD) * (time.monotonic() - job.began)

        future = self._pool.submit(attend)
        arrived = asyncio.wrap_future(future)
        try:
            result = await asyncio.shield(arrived)
        except asyncio.CancelledError:
            job.stopped.set()
            if not future.cancel():
                await asyncio.wait([arrived])
                arrived.exception()  # retrieved, so that asyncio does not log it
            raise
        except StoppedError:
            raise Refusal(503, _STOPPING) from None
        job.state = "leaving"
        return result

    def admit(self, job: Job) -> None:
        """Give a job that has arrived its place, behind those that arrived before it; Refusal 429 if all are taken."""
        self._ensure_place()
        job.state = "waiting"
        self._jobs.remove(job)
        self._jobs.append(job)

    def describe(self, name: str) -> dict[str, Any]:
        """What a named job is at: its state, how many wait in front of it, the share done; unknown if there is none."""
        job = self._named.get(name)
        return {"state": "unknown", "ahead": 0, "share": 0.0} if job is None else self.describe_job(job)

    def describe_job(self, job: Job) -> dict[str, Any]:
        """The same of a job."""
        waiting = [other for other in self._jobs if other.state == "waiting"]
        ahead = waiting.index(job) if job.state == "waiting" else 0
        return {"state": job.state, "ahead": ahead, "share": round(job.share, 4)}

    def count(self, state: State) -> int:
        """How many jobs are at that."""
        return sum(job.state == state for job in self._jobs)

    def stop(self) -> None:
        """Let nothing in any more, and end what is going on: each picture at the next share that it tells."""
        self._stopping = True
        for job in self._jobs:
            job.stopped.set()

    async def close(self) -> None:
        """Stop what is going on, and wait until every place has been given back."""
        self.stop()
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        while self._jobs:
            await asyncio.sleep(_GLANCE)

    def _ensure_place(self) -> None:
        if len(self._jobs) - self.count("arriving") >= self.limits.places:
            raise self._full()

    def _full(self) -> Refusal:
        headers = {"Retry-After": str(self._retry_after())}
        return Refusal(429, "too many pictures are waiting; try again later", headers)

    def _retry_after(self) -> int:
        """Seconds until all in the house should have left; if one has been at work for long, others may be, too."""
        now = time.monotonic()
        seconds = max([self._seconds, *(now - job.began for job in self._jobs if job.state == "working")])
        inside = len(self._jobs) - self.count("arriving")
        return min(_LONGEST_RETRY, max(1, math.ceil(seconds * inside / self.limits.workers)))
