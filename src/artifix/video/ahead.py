"""A stage of a pipeline: things made in a thread of their own, some of them ahead of their use."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE = 0.1  # seconds between looks at whether a stage is still wanted


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
