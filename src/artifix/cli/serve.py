"""`artifix serve`: the web page and the HTTP API."""

import re
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import typer

from artifix.cli.listening import answer_at
from artifix.cli.sizes import parse_size


class Log(StrEnum):
    """How each answer is logged."""

    off = "off"
    text = "text"
    json = "json"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; one that others can reach needs --token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = 8000,
    token: Annotated[
        str,
        typer.Option(
            envvar="ARTIFIX_TOKEN",
            show_envvar=True,
            help="Token that clients must send; better set by the environment.",
        ),
    ] = "",
    max_upload: Annotated[
        int,
        typer.Option(
            parser=parse_size, metavar="SIZE", help="Refuse larger files (default: 64MB).", show_default=False
        ),
    ] = 64_000_000,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse pictures with more pixels (default: 64 million).", show_default=False)
    ] = 64_000_000,
    max_video_seconds: Annotated[float, typer.Option(min=0, help="Refuse longer videos; 0 refuses all.")] = 20.0,
    queue: Annotated[
        int, typer.Option(min=0, help="Pictures that may wait; further ones are refused until there is room.")
    ] = 32,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Pictures restored in parallel (default: one per core).")
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Origin whose pages may use the API, https://HOST; may be repeated."),
    ] = None,
    root_path: Annotated[
        str, typer.Option(help="Prefix that a reverse proxy puts before every path, such as /artifix.")
    ] = "",
    log: Annotated[
        Log, typer.Option(help="Log each request to standard error, as a line of text or a JSON object.")
    ] = Log.text,
) -> None:
    """Serve a web page and an HTTP API that restore pictures."""
    from artifix.machine import cores
    from artifix.serving.guard import is_loopback
    from artifix.web.app import create_app
    from artifix.web.limits import Limits

    if max_upload < 1:
        raise typer.BadParameter("must be at least one byte", param_hint="--max-upload")
    if not re.fullmatch(r"(?:[!-~](?:[ -~]*[!-~])?)?", token):
        raise typer.BadParameter(
            "must be printable ASCII without surrounding spaces, to fit an HTTP header", param_hint="--token"
        )
    for origin in cors_origin or []:
        if not _is_origin(origin):
            raise typer.BadParameter(
                f"{origin} is not an origin; write https://HOST or https://HOST:PORT", param_hint="--cors-origin"
            )
    if not re.fullmatch(r"(?:/[\w.~-]+)*", root_path, re.ASCII):
        raise typer.BadParameter(f"{root_path} is not a path such as /artifix", param_hint="--root-path")
    if not is_loopback(host):
        if not token:
            raise typer.BadParameter(f"others can reach {host}, so --token is required", param_hint="--host")
        typer.echo(f"artifix: others can reach {host}, and the connection is not encrypted", err=True)
    try:
        limits = Limits(
            max_bytes=max_upload,
            max_pixels=max_pixels,
            video_seconds=max_video_seconds,
            queue=queue,
            workers=cores() if workers is None else workers,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    app = create_app(limits, token=token, origins=cors_origin or (), root_path=root_path)
    answer_at(host, port, app, limits, log.value)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and text == f"{parts.scheme}://{parts.netloc}"
    except ValueError:  # half a bracket, say
        return False
