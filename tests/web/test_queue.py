import asyncio
import threading
from contextlib import ExitStack, contextmanager

import pytest

from artifix.machine import cores
from artifix.serving.refusal import Refusal
from artifix.web.limits import Limits
from artifix.web.queue import WorkQueue


@contextmanager
def inside(queue):
    """A job that has arrived."""
    with queue.place() as job:
        queue.admit(job)
        yield job


@pytest.fixture
def one_worker():
    """A queue of one worker and two places to wait."""
    queue = WorkQueue(Limits(queue=2, workers=1))
    yield queue
    asyncio.run(queue.close())


def test_work_answers_and_leaves(one_worker):
    async def scene():
        with one_worker.place("a") as job:
            assert one_worker.describe("a")["state"] == "arriving"
            assert await one_worker.run(job, lambda progress: progress(0.5) or "done") == "done"
            assert one_worker.describe("a") == {"state": "leaving", "ahead": 0, "share": 0.5}
        assert one_worker.describe("a")["state"] == "unknown"

    asyncio.run(scene())


def test_a_failure_is_the_callers(one_worker):
    async def scene():
        with one_worker.place() as job:
            await one_worker.run(job, lambda progress: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(scene())


def test_places_are_bounded_and_given_back(one_worker):
    with inside(one_worker), inside(one_worker), inside(one_worker):
        with pytest.raises(Refusal) as refused, one_worker.place():
            pass
        assert refused.value.status_code == 429
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    with one_worker.place():
        pass


def test_who_is_on_the_way_keeps_nobody_out(one_worker):
    async def scene():
        with ExitStack() as held:
            for _ in range(20):
                held.enter_context(one_worker.place())
            with one_worker.place() as job:
                assert await one_worker.run(job, lambda progress: "done") == "done"

    asyncio.run(scene())


def test_those_on_the_way_are_bounded_and_so_are_those_that_arrive():
    queue = WorkQueue(Limits(queue=0, workers=1, arriving=2))
    with queue.place() as first, queue.place() as second:
        with pytest.raises(Refusal, match="429"), queue.place():
            pass
        queue.admit(first)
        with pytest.raises(Refusal, match="429"):
            queue.admit(second)
        assert queue.count("arriving") == 1
    asyncio.run(queue.close())


def test_who_must_come_again_is_told_when_by_how_many_are_in_the_house(monkeypatch):
    queue = WorkQueue(Limits(queue=2, workers=1))
    now = 0.0
    monkeypatch.setattr("artifix.web.queue.time.monotonic", lambda: now)

    def advance(progress):
        nonlocal now
        now += 17.0

    def retry_after():
        with pytest.raises(Refusal) as refused, queue.place():
            pass
        return int(refused.value.headers["Retry-After"])

    def look(progress):
        advance(progress)
        return retry_after()

    async def work(do):
        with inside(queue), inside(queue), queue.place() as job:
            return await queue.run(job, do)

    assert asyncio.run(work(look)) == 51  # it has taken 17 s by now, and there are three
    with inside(queue), inside(queue), inside(queue):
        assert retry_after() == 13  # the mean is 4.2 s
    for _ in range(20):
        asyncio.run(work(advance))
    with inside(queue), inside(queue), inside(queue):
        assert retry_after() == 51
    asyncio.run(queue.close())


def test_a_job_has_its_name_alone(one_worker):
    with one_worker.place("a"), pytest.raises(Refusal, match="name"), one_worker.place("a"):
        pass
    with one_worker.place("a"):
        pass


def test_no_more_than_the_workers_work_at_once():
    queue = WorkQueue(Limits(queue=8, workers=min(2, cores())))
    at_once, most, lock = 0, 0, threading.Lock()

    def work(progress):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.02)
        with lock:
            at_once -= 1

    async def one():
        with queue.place() as job:
            await queue.run(job, work)

    async def scene():
        await asyncio.gather(*(one() for _ in range(8)))

    asyncio.run(scene())
    asyncio.run(queue.close())
    assert most == queue.limits.workers


def test_those_in_front_are_counted(one_worker):
    go = threading.Event()

    async def one(name):
        with one_worker.place(name) as job:
            await one_worker.run(job, lambda progress: go.wait(10))

    async def scene():
        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        while one_worker.count("working") < 1 or one_worker.count("waiting") < 2:
            await asyncio.sleep(0.005)
        assert [one_worker.describe(name)["ahead"] for name in "abc"] == [0, 0, 1]
        go.set()
        await asyncio.gather(*tasks)

    asyncio.run(scene())


def test_who_leaves_frees_the_place_when_the_work_has_ended(one_worker):
    began, told = threading.Event(), threading.Event()

    def work(progress):
        began.set()
        while True:
            told.wait(0.005)
            progress(0.1)

    async def leave():
        with one_worker.place("working") as job:
            await one_worker.run(job, work)

    async def wait():
        with one_worker.place("waiting") as job:
            await one_worker.run(job, lambda progress: pytest.fail("nobody waits for this"))

    async def scene():
        working, waiting = asyncio.create_task(leave()), asyncio.create_task(wait())
        while not (began.is_set() and one_worker.count("waiting")):
            await asyncio.sleep(0.005)
        for task in (waiting, working):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert one_worker.describe("working")["state"] == one_worker.describe("waiting")["state"] == "unknown"
        with one_worker.place() as job:  # the worker is free again
            assert await asyncio.wait_for(one_worker.run(job, lambda progress: 1), 5) == 1

    asyncio.run(scene())


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": cores() + 1}, {"queue": -1}, {"max_bytes": 0}])
def test_limits_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)
