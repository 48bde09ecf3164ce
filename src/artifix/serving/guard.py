"""What stands before every request: who may ask, how much may be sent, and an answer in JSON whatever goes wrong."""

import asyncio
import hmac
import ipaddress
import logging
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artifix.serving.limits import WireLimits
from artifix.serving.refusal import Refusal, answer_failures

_LOG: Final = logging.getLogger("uvicorn.error")
LARGEST_HEAD: Final = 32 << 10
"""Bytes of a request's head."""
HEAD_TOO_LONG: Final = "the request's head is too long"
_OPEN: Final = "/api/health"  # needs no token: it tells nothing of pictures
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def has_body(headers: Headers) -> bool:
    """Whether a request of these headers bears anything."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def guard(app: FastAPI, limits: WireLimits, *, token: str = "", any_host: bool = False) -> None:
    """Put a `Guard` before an application, and have it refuse in JSON as the guard does."""
    app.add_middleware(Guard, limits=limits, token=token, any_host=any_host)
    answer_failures(app)


class Guard:
    """An ASGI application around another.

    With a token every request below /api/ but for /api/health must bear it. Without one, only those that name this
    machine itself are heard, no name that somebody lets point here; unless `any_host`. Bodies of more than
    `limits.max_body` bytes are refused by their Content-Length, or as soon as they are longer; heads of more than
    `LARGEST_HEAD`, too, where they have come at once (the protocol refuses those that come in parts).
    """

    def __init__(self, app: ASGIApp, limits: WireLimits, token: str = "", any_host: bool = False) -> None:
        self.app, self.limits, self.token, self.any_host = app, limits, token, any_host or bool(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        unread = has_body(headers)
        received, started = 0, False

        async def receive_bounded() -> Message:
            nonlocal received, unread
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                unread = message.get("more_body", False)
                if received > self.limits.max_body:
                    raise self._too_large()
            return message

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer[name] = value
                answer.setdefault("Cache-Control", "no-cache")  # another version's page would not fit the API
                if unread:  # the rest of the body is not waited for
                    answer["Connection"] = "close"
            await send(message)

        try:
            self._admit(scope, headers)
            await self.app(scope, receive_bounded, send_guarded)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send_guarded)
        except asyncio.CancelledError:  # uvicorn's, whose patience at the server's end is over
            if not started:
                await Refusal(503, "the server is being stopped").response()(scope, receive, send_guarded)
        except Exception:
            _LOG.exception("%s %s failed", scope["method"], scope["path"])
            if not started:
                failure = Refusal(500, "the server has failed at this; its log tells more")
                await failure.response()(scope, receive, send_guarded)

    def _admit(self, scope: Scope, headers: Headers) -> None:
        if _size(scope) > LARGEST_HEAD:
            raise Refusal(431, HEAD_TOO_LONG)
        if not self.any_host and not _names_this_machine(headers.get("host", "")):
            raise Refusal(421, "this server answers to this machine's own name only")
        if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site") == "cross-site":
            raise Refusal(403, "another site's page may not ask for this")
        if self.token and scope["path"].startswith("/api/") and scope["path"] != _OPEN:
            kind, _, given = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
                raise Refusal(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.limits.max_body:
            raise self._too_large()

    def _too_large(self) -> Refusal:
        return Refusal(413, f"the body has more than {self.limits.max_bytes:,} bytes")


def _names_this_machine(host: str) -> bool:
    """Whether a Host header does, its port aside."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname)
    except ValueError:  # half a bracket, say
        return False


def _size(scope: Scope) -> int:
    """Bytes of a request's head, but for the few that are always there."""
    line = len(scope["raw_path"]) + len(scope["query_string"])
    return line + sum(len(name) + len(value) + 4 for name, value in scope["headers"])
