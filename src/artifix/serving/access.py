"""What is known of a request once it is answered: its id, a line in the log, and a word to whoever counts."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG: Final = logging.getLogger("artifix.access")
REQUEST_ID: Final = "X-Request-ID"
_SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POLLED: Final = ("/api/health", "/api/progress/{job}", "/metrics")


@dataclass(frozen=True)
class Answered:
    """One request and its answer. The query is left out: an upload's name in it is as good as the picture."""

    request_id: str
    client: str
    """The address that the connection came from: a proxy's, behind one."""
    method: str
    path: str
    route: str
    """The path with its variable parts named, such as `/api/progress/{job}`; empty for files and unknown paths."""
    status: int
    """0 if the client left before there was an answer."""
    received: int
    """Bytes of the request's body."""
    sent: int
    """Bytes of the answer's body."""
    seconds: float


class Access:
    """An ASGI application around another, which gives every request an id and logs every answer.

    A client's or proxy's own `X-Request-ID` is kept where it is short and plain. Successful answers to what is polled
    are not logged; `observe` is called for them, too.
    """

    def __init__(self, app: ASGIApp, observe: Callable[[Answered], None] = lambda answered: None) -> None:
        self.app, self.observe = app, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        given = Headers(scope=scope).get(REQUEST_ID, "")
        scope["request_id"] = request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
        status = received = sent = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def send_counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive_counted, send_counted)
        finally:
            client = scope.get("client") or ("-", 0)
            route = getattr(scope.get("route"), "path", "")
            seconds = round(time.perf_counter() - began, 4)
            answered = Answered(
                request_id, client[0], scope["method"], scope["path"], route, status, received, sent, seconds
            )
            self.observe(answered)
            if route not in _POLLED or status >= 400:
                LOG.info("%s", answered, extra={"answered": answered})
