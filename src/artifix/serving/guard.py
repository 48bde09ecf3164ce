"""What stands before every request: who may ask, how much may be sent, and an answer in JSON whatever goes wrong."""

import asyncio
import hmac
import ipaddress
import logging
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from artifix.serving.access import REQUEST_ID, Access, Answered
from artifix.serving.draining import drain, has_body, waits_for_consent
from artifix.serving.limits import WireLimits
from artifix.serving.methods import Methods
from artifix.serving.refusal import Refusal, answer_failures

_LOG: Final = logging.getLogger("uvicorn.error")
LARGEST_HEAD: Final = 32 << 10
"""Bytes of a request's head."""
HEAD_TOO_LONG: Final = "the request's head is too long"
OPEN: Final = "/api/health"
"""Needs no token: it tells nothing of pictures."""
METRICS: Final = "/metrics"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def needs_token(path: str) -> bool:
    """Whether a path, as the application's routes have it, is for those alone who bear the token."""
    return path == METRICS or (path.startswith("/api/") and path != OPEN)


def guard(
    app: FastAPI,
    limits: WireLimits,
    *,
    token: str = "",
    any_host: bool = False,
    origins: Collection[str] = (),
    root_path: str = "",
    observe: Callable[[Answered], None] = lambda answered: None,
) -> None:
    """Put a `Guard` before an application, and have it refuse in JSON as the guard does.

    Pages of the `origins` may ask, too, and read the answers. `root_path` is what a proxy puts before every path, which
    it may take away again or not. `observe` is called with every answer.
    """
    app.add_middleware(Methods)
    app.add_middleware(
        Guard, limits=limits, token=token, any_host=any_host, origins=frozenset(origins), root_path=root_path
    )
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", REQUEST_ID],
            expose_headers=["Artifix-Record", "Content-Disposition", "Retry-After", REQUEST_ID],
        )
    app.add_middleware(Access, observe=observe)
    answer_failures(app)


class Guard:
    """An ASGI application around another.

    With a token every request for which `needs_token` must bear it. Without one, only those that name this machine
    itself are answered, no name that somebody lets point here; unless `any_host`. What changes anything is refused to
    the pages of other sites but for `origins`. Bodies of more than `limits.max_body` bytes are refused by their
    Content-Length, or as soon as they are longer; heads of more than `LARGEST_HEAD`, too, where they have come at once
    (the protocol refuses those that come in parts). An answer that is known before its request's body has come waits
    for the rest of it, for at most `limits.drain_seconds`.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: WireLimits,
        token: str = "",
        any_host: bool = False,
        origins: Collection[str] = (),
        root_path: str = "",
    ) -> None:
        self.app, self.limits, self.token, self.origins, self.root_path = app, limits, token, origins, root_path
        self.any_host = any_host or bool(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["root_path"] = self.root_path
        unread = has_body(headers)
        patience = 0.0 if waits_for_consent(headers) else self.limits.drain_seconds
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
            nonlocal started, unread
            if message["type"] == "http.response.start":
                started = True
                if unread and patience:
                    unread = not await drain(receive, patience)
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer[name] = value
                answer.setdefault("Cache-Control", "no-cache")  # another version's page would not fit the API
                if unread:
                    answer["Connection"] = "close"
            await send(message)

        try:
            self._admit(scope, headers)
            await self.app(scope, receive_bounded, send_guarded)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send_guarded)
        except asyncio.CancelledError:  # uvicorn's, whose patience at the server's end is over
            patience = 0.0
            if not started:
                await Refusal(503, "the server is being stopped").response()(scope, receive, send_guarded)
        except Exception:
            _LOG.exception("%s %s failed, request %s", scope["method"], scope["path"], scope.get("request_id", "-"))
            if not started:
                failure = Refusal(500, "the server has failed at this; its log tells more")
                await failure.response()(scope, receive, send_guarded)

    def _admit(self, scope: Scope, headers: Headers) -> None:
        if _size(scope) > LARGEST_HEAD:
            raise Refusal(431, HEAD_TOO_LONG)
        if not self.any_host and not _names_this_machine(headers.get("host", "")):
            raise Refusal(421, "this server answers to this machine's own name only")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not _is_same_site(headers, self.origins):
            raise Refusal(403, "another site's page may not ask for this")
        if self.token and needs_token(_route_path(scope)):
            kind, _, given = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
                raise Refusal(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.limits.max_body:
            raise self._too_large()

    def _too_large(self) -> Refusal:
        return Refusal(413, f"the body has more than {self.limits.max_bytes:,} bytes")


def _is_same_site(headers: Headers, origins: Collection[str]) -> bool:
    """Whether a request comes from a page of ours, of an allowed origin, or from no page at all.

    Browsers tell by Sec-Fetch-Site, which no page can forge, but to secure addresses only; elsewhere Origin must name
    the host that is asked.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin in origins:
        return True
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower() != ""


def _route_path(scope: Scope) -> str:
    """The path as the routes have it, without the part that a proxy puts before it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


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
