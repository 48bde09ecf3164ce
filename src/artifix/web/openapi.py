"""The API's description, made to say what is true of every operation: its refusals, its token, its headers."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from artifix.serving.access import REQUEST_ID
from artifix.serving.guard import needs_token

_REQUEST_ID: Final = {
    REQUEST_ID: {
        "description": "The request's own id, or the one given to it; the server's log has it too.",
        "schema": {"type": "string"},
    }
}
_FAILURE: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def describe(app: FastAPI, *, token: bool) -> None:
    """Have the application describe itself, with a token where one is needed."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app, token)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _describe(app: FastAPI, token: bool) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = schema.setdefault("components", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(unused, None)
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            if "HTTPValidationError" in str(responses.get("422")):  # FastAPI's own; ours is 400
                del responses["422"]
            closed = token and needs_token(path)
            operation["security"] = [{"token": []}] if closed else []
            if closed:
                _refuse(responses, "401", "the token is missing or wrong")
            _refuse(responses, "400", "a parameter is wrong or unknown")
            _refuse(responses, "default", "any other refusal")
            for response in responses.values():
                response.setdefault("headers", {}).update(_REQUEST_ID)
    return schema


def _refuse(responses: dict[str, Any], status: str, reason: str) -> None:
    responses.setdefault(status, {"description": reason, "content": _FAILURE})
