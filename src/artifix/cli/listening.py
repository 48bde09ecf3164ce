"""A server's address, said as soon as it answers there."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from artifix.serving.limits import WireLimits
    from artifix.serving.logs import LogFormat


def answer_at(host: str, port: int, app: "FastAPI", limits: "WireLimits", log: "LogFormat" = "off") -> None:
    """Have an application answer there, port 0 a free one, until the process is told to stop."""
    from artifix.serving.server import listen, make_server

    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listening.getsockname()[1]}/")
        make_server(app, limits, log=log).run(sockets=[listening])
