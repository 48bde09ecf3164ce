"""HEAD and OPTIONS, for every path alike, and an Allow header wherever a method is refused."""

from starlette.datastructures import MutableHeaders
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OF_FILES = "GET"  # of what the router leaves to static files, which name no methods


class Methods:
    """An ASGI application around another, whose routes need to know of neither method.

    HEAD is answered as GET would be, without the content. OPTIONS is answered with status 204 and, in Allow, what the
    path takes; 404 where there is no such path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = scope["method"]
        empty = asked == "HEAD"

        async def send_fitting(message: Message) -> None:
            nonlocal empty
            if message["type"] == "http.response.start" and message["status"] == 405:
                headers = MutableHeaders(scope=message)
                headers["Allow"] = _allowed(inner)
                if asked == "OPTIONS":
                    empty = True
                    message["status"] = 204
                    del headers["content-length"], headers["content-type"]
            elif message["type"] == "http.response.body" and empty:
                message = dict(message, body=b"")
            await send(message)

        inner = dict(scope, method="GET") if asked == "HEAD" else scope
        try:
            await self.app(inner, receive, send_fitting)
        finally:
            scope["route"] = inner.get("route")


def _allowed(scope: Scope) -> str:
    """All methods of a path, which may have several routes."""
    routes = [route for route in scope["app"].routes if isinstance(route, Route)]
    found = [route.methods or () for route in routes if route.matches(scope)[0] is not Match.NONE]
    methods = {name for names in found for name in names} or {_OF_FILES}
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
