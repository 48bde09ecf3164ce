"""Why a request is not answered with what it asks for: a status and one line, `{"error": ...}` in JSON."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class Refusal(Exception):  # noqa: N818 - most of them are no errors of ours
    """An answer other than the one asked for; `text` is the line that the client reads."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers

    def response(self) -> JSONResponse:
        """The refusal as an answer."""
        return JSONResponse({"error": self.text}, self.status, self.headers)
