"""How often a picture was begun, so that one that ends its worker each time does not end all workers in turn."""

from collections import Counter
from collections.abc import Iterable
from typing import Any


class Attempts:
    """Pictures that are being restored, and how often each was begun; more than once where its worker died of it."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()

    def begin(self, name: str) -> int:
        """Count a beginning; how many there were before."""
        self.begun[name] += 1
        return self.begun[name] - 1

    def end(self, name: str) -> None:
        """Forget a picture that is done."""
        self.begun.pop(name, None)

    def known(self, names: Iterable[str]) -> set[str]:
        """Those of the pictures that were begun and never ended."""
        return self.begun.keys() & set(names)


class SharedAttempts(Attempts):
    """The same, asked of the one actor that keeps it for all workers."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor

    def begin(self, name: str) -> int:
        """Count a beginning, and wait until it is: the worker may die next."""
        import ray

        return int(ray.get(self.actor.begin.remote(name)))

    def end(self, name: str) -> None:
        """Forget a picture that is done."""
        self.actor.end.remote(name)

    def known(self, names: Iterable[str]) -> set[str]:
        """Those of the pictures that were begun and never ended."""
        import ray

        return set(ray.get(self.actor.known.remote(list(names))))
