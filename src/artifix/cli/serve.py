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
    host: Annotated[str, typer.Option(help="The address to listen at; one that others can reach needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    token: Annotated[
        str, typer.Option(envvar="ARTIFIX_TOKEN", show_envvar=True, help="What clients must know; better not typed.")
    ] = "",
    max_upload: Annotated[int, typer.Option(parser=parse_size, help="Refuse larger files.")] = 64_000_000,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse pictures with more pixels than this.")] = 64_000_000,
    queue: Annotated[int, typer.Option(min=0, help="Pictures that may wait; more are told to come again.")] = 32,
    workers: Annotated[int | None, typer.Option(min=1, help="Pictures worked on at once; all cores.")] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Let pages of https://HOST use the API, too. May be repeated."),
    ] = None,
    root_path: Annotated[str, typer.Option(help="What a proxy puts before every path, such as /artifix.")] = "",
    log: Annotated[Log, typer.Option(help="A line on standard error for each answer, or one JSON object.")] = Log.text,
) -> None:
    """Open a web page, and an HTTP API, that restores pictures."""
    from artifix.machine import cores
    from artifix.serving.guard import is_loopback
    from artifix.web.app import create_app
    from artifix.web.limits import Limits

    if max_upload < 1:
        raise typer.BadParameter("must be at least one byte", param_hint="--max-upload")
    if not re.fullmatch(r"(?:[!-~](?:[ -~]*[!-~])?)?", token):
        raise typer.BadParameter("no header can bear it: printable ASCII alone, no space around", param_hint="--token")
    for origin in cors_origin or []:
        if not _is_origin(origin):
            raise typer.BadParameter(
                f"{origin} is no origin; write https://HOST or https://HOST:PORT", param_hint="--cors-origin"
            )
    if not re.fullmatch(r"(?:/[\w.~-]+)*", root_path, re.ASCII):
        raise typer.BadParameter(f"{root_path} is no path such as /artifix", param_hint="--root-path")
    if not is_loopback(host):
        if not token:
            raise typer.BadParameter(f"{host} can be reached by others, so a --token is needed", param_hint="--host")
        typer.echo(f"artifix: {host} can be reached by others, and what they send is not encrypted", err=True)
    try:
        limits = Limits(
            max_bytes=max_upload, max_pixels=max_pixels, queue=queue, workers=cores() if workers is None else workers
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
