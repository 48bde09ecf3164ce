"""Uploads that their clients may come back to: in memory alone, a bounded number of bytes, for a bounded time."""

import asyncio
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from artifix.serving.refusal import Refusal

_GONE: Final = "no such upload any more; send the picture again"


@dataclass(frozen=True)
class KeptUpload:
    """An upload's bytes, and what its client calls it."""

    content: bytes
    name: str


class Kept:
    """At most `max_bytes` of uploads, each for `seconds` after its last use; used from one event loop.

    The names that they are kept under cannot be guessed.
    """

    def __init__(self, max_bytes: int, seconds: float) -> None:
        self.max_bytes, self.seconds = max_bytes, seconds
        self._watched = False  # a timer is pending
        self._uploads: OrderedDict[str, tuple[float, KeptUpload]] = OrderedDict()  # the least recently used first

    def put(self, upload: KeptUpload) -> str:
        """Keep an upload, in place of the least recently used ones; the name to ask for it by."""
        name = secrets.token_urlsafe(16)
        self._use(name, upload)
        while self.bytes > self.max_bytes:
            self._uploads.popitem(last=False)
        return name

    @property
    def bytes(self) -> int:
        """How many are kept."""
        return sum(len(upload.content) for _, upload in self._uploads.values())

    def get(self, name: str) -> KeptUpload:
        """The upload of this name; Refusal 410 if there is none any more."""
        try:
            _, upload = self._uploads.pop(name)
        except KeyError:
            raise Refusal(410, _GONE) from None
        self._use(name, upload)
        return upload

    def _use(self, name: str, upload: KeptUpload) -> None:
        self._uploads[name] = time.monotonic() + self.seconds, upload
        if not self._watched:
            self._watch()

    def _watch(self) -> None:
        """Come back when the first is old."""
        until, _ = next(iter(self._uploads.values()))
        self._watched = True
        asyncio.get_running_loop().call_later(until - time.monotonic(), self._drop_old)

    def _drop_old(self) -> None:
        self._watched = False
        now = time.monotonic()
        for name in [name for name, (until, _) in self._uploads.items() if until <= now]:
            del self._uploads[name]
        if self._uploads:
            self._watch()
