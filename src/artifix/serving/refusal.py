"""Why a request is not answered with what it asks for: a status and one line, `{"error": ...}` in JSON."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response


class Refusal(HTTPException):
    """An answer other than the one asked for: its status, the line that the client reads, and headers."""

    def response(self) -> JSONResponse:
        """The refusal as an answer."""
        return JSONResponse({"error": self.detail}, self.status_code, self.headers)


def answer_failures(app: FastAPI) -> None:
    """Have an application refuse in such JSON, whether it is by its own will or by its framework's."""
    app.exception_handler(HTTPException)(_refuse)
    app.exception_handler(RequestValidationError)(_refuse_parameters)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Refusal(error.status_code, error.detail, error.headers).response()


async def _refuse_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return Refusal(400, "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())).response()
