"""Work in threads that Ctrl-C ends: tasks side by side, and a stage of a pipeline ahead of the next."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Final, TypeVar

T = TypeVar("T")

# Seconds between looks at whether work is still wanted. No wait is endless: the system may hand Ctrl-C to another
# thread than Python's first, which then hears of it only once it runs again.
_PATIENCE: Final = 0.1


@contextmanager
def side_by_side(tasks: Iterable[Callable[[], T]], jobs: int) -> Iterator[Iterator[T]]:
    """What the tasks return, as it comes, `jobs` of them running at a time; an error in a task is raised in its turn.

    Leaving the context drops what has not begun, and waits for what has.
    """
    finished: Queue[Future[T]] = Queue()

    def take() -> Future[T]:
        while True:
            try:
                return finished.get(timeout=_PATIENCE)
            except Empty:
                continue

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="side-by-side")
    try:
        futures = [pool.submit(task) for task in tasks]
        for future in futures:
            future.add_done_callback(finished.put)
        yield (take().result() for _ in futures)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def ahead(items: Iterable[T], size: int) -> Iterator[Iterator[T]]:
    """The items, at most `size` of them waiting to be asked for; an error in making them is raised where they are.

    Leaving the context ends the thread, at the latest when the item in hand is made.
    """
    waiting: Queue[tuple[str, Any]] = Queue(size)
    stopped = Event()

    def put(kind: str, value: Any = None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((kind, value), timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not put("item", item):
                    break
            else:
                put("end")
        except BaseException as error:  # whatever it is, it belongs to whoever asked for the items
            put("error", error)
        finally:
            if close := getattr(iterator, "close", None):
                close()

    def take() -> Iterator[T]:
        while not stopped.is_set():
            try:
                kind, value = waiting.get(timeout=_PATIENCE)
            except Empty:
                continue
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value

    thread = Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        stopped.set()
        thread.join()
