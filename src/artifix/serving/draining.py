"""The rest of a request's body, when the answer is known before all of it has come.

A server that answers and closes while its client still sends resets the connection, and the reset destroys the answer
in the client's buffer. So the rest is read, and thrown away, before the answer is sent.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive


def has_body(headers: Headers) -> bool:
    """Whether a request with these headers bears anything."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def waits_for_consent(headers: Headers) -> bool:
    """Whether the client sends its body only once it is asked to: it reads a refusal first."""
    return headers.get("expect", "").lower() == "100-continue"


async def drain(receive: Receive, seconds: float) -> bool:
    """Read a request's body to its end, for at most so many seconds; whether the end was reached."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return message["type"] == "http.request"
    except TimeoutError:
        return False
