"""Serve an application, and print its address once it answers."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from artifix.serving.limits import WireLimits
    from artifix.serving.logs import LogFormat


def answer_at(host: str, port: int, app: "FastAPI", limits: "WireLimits", log: "LogFormat" = "off") -> None:
    """Serve an application until the process is stopped; port 0 is any free port."""
    from artifix.serving.server import listen, make_server

    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listening.getsockname()[1]}/")
        make_server(app, limits, log=log).run(sockets=[listening])
