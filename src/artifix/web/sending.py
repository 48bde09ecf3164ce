"""A file on its way to a client."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send


class HeldFile(FileResponse):
    """A file as an answer; `held` is closed when it has been sent, or could not be."""

    def __init__(self, path: Path, held: AsyncExitStack, seconds: float, **options: Any) -> None:
        super().__init__(path, **options)
        self._held, self._seconds = held, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file within `seconds`; TimeoutError if a client reads more slowly."""
        async with self._held, asyncio.timeout(self._seconds):
            await super().__call__(scope, receive, send)
