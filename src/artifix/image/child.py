"""Decode large pictures in a child process, which has limits of its own and can be ended at any moment.

A decoder cannot be interrupted from within: a signal waits until it returns. So a command and the server decode what
may take long in a process of its own, one for each picture. It ends with the picture, by its limit of processor time
or memory, by a decoder's crash, or because nobody waits for it any more. Small pictures are decoded at once, since to
start a process takes longer (0.2 s) than they do: `limits` bounds what else they hold.

    parent                                     child
    function, arguments, limits  -- pickle -->
                                               limits itself, calls the function
    one result                   <-- pickle -- arrays lie in a file in memory, whose descriptor comes along
    next, please                 ----------->  (of a function that yields several)
"""

import mmap
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Final

from artifix.errors import ArtifixError, ImageError
from artifix.image.large import MOST_IN_MEMORY, reserved_file

Check = Callable[[], None]
"""Called every tenth of a second while a child is at work; what it raises ends the child."""

SMALL_PIXELS: Final = 4_000_000
SMALL_BYTES: Final = 4_000_000
_SECONDS: Final = 20.0
_SECONDS_PER_MEGAPIXEL: Final = 1.0
_BYTES: Final = 1 << 30
_BYTES_PER_PIXEL: Final = 40
_GLANCE: Final = 0.1  # seconds
_HEADER: Final = struct.Struct("<Q?")  # bytes of the pickle, and whether a file comes with it
_ALIGNED: Final = 64
# A reserve of address space for each thread would count against the limit.
_FEW_RESERVES: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}

_users = 0


@contextmanager
def decoding_in_children() -> Iterator[None]:
    """Inside it, `read_picture` and `read_frames` decode large pictures in child processes, where the system can."""
    global _users
    _users += 1
    try:
        yield
    finally:
        _users -= 1


def is_wanted() -> bool:
    """Whether children decode now, and the system can hand over what they decode.

    A binary without Python (`sys.frozen`) has no interpreter to start one by.
    """
    return _users > 0 and hasattr(socket, "send_fds") and bool(sys.executable) and not getattr(sys, "frozen", False)


def is_much(path: Path, pixels: int) -> bool:
    """Whether a file of so many pixels may take long to decode. OSError if it cannot be looked at."""
    return pixels > SMALL_PIXELS or path.stat().st_size > SMALL_BYTES


@dataclass(frozen=True)
class Allowance:
    """What a child may take."""

    seconds: float
    """Of processor time."""
    size: int
    """Bytes of address space beyond those that it begins with."""


def allowance_for(pixels: int) -> Allowance:
    """Several times what decoding so many pixels takes in the slowest format."""
    return Allowance(_SECONDS + _SECONDS_PER_MEGAPIXEL * pixels / 1e6, _BYTES + _BYTES_PER_PIXEL * pixels)


def call(
    path: Path, allowance: Allowance, check: Check, function: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """What a function of this package returns, called in a child; `path` is named in errors."""
    (result,) = stream(path, allowance, check, function, *args, **kwargs)
    return result


def stream(
    path: Path, allowance: Allowance, check: Check, function: Callable[..., Any], *args: Any, **kwargs: Any
) -> Generator[Any, None, None]:
    """What a function yields, or the one thing that it returns, each when it is asked for.

    ImageError where the child goes beyond its allowance or crashes; what the function raises is raised here.
    """
    near, far = socket.socketpair()
    with near:
        with far:
            start = f"import sys; sys.path = {sys.path!r}; from artifix.image.child import main; main({far.fileno()})"
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", start],
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | _FEW_RESERVES,
            )
        try:
            _send(near, (allowance, function, args, kwargs))
            while True:
                while not wait([near], _GLANCE):
                    check()
                kind, value = _receive(near)
                if kind == "end":
                    return
                if kind == "error":
                    raise value
                yield value
                _send(near, "next")
        except (EOFError, ConnectionError):
            raise ImageError(f"{path}: {_cause_of_death(process.wait(), allowance)}") from None
        finally:
            process.kill()
            process.wait()


def _cause_of_death(status: int, allowance: Allowance) -> str:
    if status == -signal.SIGXCPU:
        return f"takes more than {allowance.seconds:.0f} s of processor time to decode"
    if status == -signal.SIGKILL:
        return "its decoder was killed, most likely for lack of memory"
    return f"its decoder crashed (exit status {status})"


def main(descriptor: int) -> None:
    """Be the child: carry out the one request that comes over a socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it ends
    with socket.socket(fileno=descriptor) as far, suppress(EOFError, ConnectionError):
        allowance, function, args, kwargs = _receive(far)
        _limit(allowance)
        try:
            result = function(*args, **kwargs)
            for item in result if isinstance(result, Iterator) else [result]:
                _send(far, ("item", item))
                del item
                _receive(far)
            _send(far, ("end", None))
        except MemoryError:
            _send(far, ("error", ImageError(f"{args[0]}: not enough memory to decode it")))
        except ArtifixError as error:
            _send(far, ("error", error))
        except Exception as error:  # a fault of ours; its own class need not be one that can be sent
            _send(far, ("error", RuntimeError(f"{type(error).__name__}: {error}")))


def _limit(allowance: Allowance) -> None:
    import resource

    seconds = round(allowance.seconds + sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # macOS has no such limit, and /proc is Linux's
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        size = pages * resource.getpagesize() + allowance.size
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _send(peer: socket.socket, message: Any) -> None:
    buffers: list[pickle.PickleBuffer] = []
    lengths_and_body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    del message
    lengths = [len(buffer.raw()) for buffer in buffers]
    body = pickle.dumps((lengths, lengths_and_body))
    head = _HEADER.pack(len(body), bool(lengths))
    if not lengths:
        peer.sendall(head + body)
        return
    with _shared_file(sum(lengths)) as file:
        while buffers:
            buffer = buffers.pop(0)
            file.write(buffer.raw())
            file.write(bytes(-file.tell() % _ALIGNED + _ALIGNED))  # and never empty
            buffer.release()
        file.flush()
        socket.send_fds(peer, [head], [file.fileno()])
    peer.sendall(body)


def _receive(peer: socket.socket) -> Any:
    head, descriptors, _, _ = socket.recv_fds(peer, _HEADER.size, 1)
    if len(head) < _HEADER.size:
        head += _exactly(peer, _HEADER.size - len(head))
    size, has_file = _HEADER.unpack(head)
    lengths, body = pickle.loads(_exactly(peer, size))
    if not has_file:
        return pickle.loads(body)
    with os.fdopen(descriptors[0], "rb") as file:
        memory = memoryview(mmap.mmap(file.fileno(), 0))
    buffers, start = [], 0
    for length in lengths:
        buffers.append(memory[start : start + length])
        start += length + -(start + length) % _ALIGNED + _ALIGNED
    return pickle.loads(body, buffers=buffers)


def _exactly(peer: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        piece = peer.recv(min(1 << 20, size - len(received)))
        if not piece:
            raise EOFError
        received += piece
    return bytes(received)


def _shared_file(size: int) -> Any:
    """A file without a name for about so many bytes, in memory if they are few or no disk has room for them."""
    if size > MOST_IN_MEMORY and hasattr(os, "posix_fallocate"):
        with suppress(OSError):
            return reserved_file(size)
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("artifix"), "w+b")
    return tempfile.TemporaryFile("w+b")
