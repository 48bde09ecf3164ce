"""The server process: a socket, uvicorn, and no patience with clients that keep it waiting."""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

import h11
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from artifix.serving.draining import drain
from artifix.serving.guard import HEAD_TOO_LONG, LARGEST_HEAD
from artifix.serving.limits import WireLimits
from artifix.serving.logs import LogFormat, log_config
from artifix.serving.refusal import Refusal

_GRACE: Final = 5  # seconds for answers that are being sent when the server is stopped

_FULL: Final = Refusal(
    503,
    "too many clients are connected; try again later",
    {"Retry-After": "5", "Connection": "close", "X-Content-Type-Options": "nosniff"},
).response()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 finds a free one. OSError if there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)


def make_server(app: FastAPI, limits: WireLimits, *, log: LogFormat = "off") -> "Server":
    """A server for the application; `run(sockets=[listen(...)])` answers until the process is told to stop.

    As soon as it is, `app.state.stop()` is called, if there is one, before the answers under way are waited for.
    """

    async def refuse_all(scope: Scope, receive: Receive, send: Send) -> None:
        await drain(receive, limits.drain_seconds)
        await _FULL(scope, receive, send)

    class Protocol(ImpatientProtocol):
        header_seconds, stall_seconds, most = limits.header_seconds, limits.stall_seconds, limits.connections
        full = staticmethod(refuse_all)

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        log_config=log_config(log),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_graceful_shutdown=_GRACE,
    )
    return Server(config, getattr(app.state, "stop", lambda: None))


class Server(uvicorn.Server):
    """uvicorn, which first has the application end what would take long."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and wait for the answers that are being sent."""
        self._stop()
        await super().shutdown(sockets)


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on clients who do not finish their request's head, or leave their answer unread.

    While more than `most` are connected, requests are refused with status 503, in JSON, which uvicorn's own limit does
    in plain text.
    """

    header_seconds: float
    stall_seconds: float
    most: int
    full: ASGIApp

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come; a head that has begun must end in time."""
        self.app = self.full if len(self.connections) > self.most else self.config.loaded_app
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        elif self._head:
            self._head.cancel()
            self._head = None

    def pause_writing(self) -> None:
        """The client reads more slowly than it is sent to."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        if self._stall:
            self._stall.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        for timer in (self._head, self._stall):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has too long a head (431), in JSON as all else."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        body = json.dumps({"error": HEAD_TOO_LONG if status == 431 else msg}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        events = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.header_seconds, self.transport.abort)
