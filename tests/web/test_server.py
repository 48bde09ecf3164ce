"""The real server and clients that behave badly, on loopback sockets."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest

from artifix.serving import server
from artifix.web import work
from artifix.web.limits import Limits

IMPATIENT = Limits(queue=1, workers=1, max_bytes=200_000, header_seconds=0.4, stall_seconds=0.4, transfer_seconds=0.8)


@pytest.fixture(scope="module")
def port(served):
    with served(IMPATIENT) as port:
        yield port
        assert health(port)["working"] == health(port)["waiting"] == 0


def health(port):
    return httpx2.get(f"http://127.0.0.1:{port}/api/health").json()


def talk(port, *parts: bytes) -> bytes:
    """What the server says until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for part in parts:
            client.sendall(part)
            time.sleep(0.1)
        answer = b""
        while data := client.recv(65536):
            answer += data
    return answer


def head(length, path="/api/restore") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "Content-Type: multipart/form-data; boundary=x", "", ""]).encode()


def body(data: bytes) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return part + data + b"\r\n--x--\r\n"


def failure(answer: bytes) -> tuple[int, str]:
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(rest)["error"]


def test_silence_is_not_waited_for(port):
    began = time.monotonic()
    assert talk(port) == b""
    assert time.monotonic() - began < 5


def test_half_a_head_is_not_waited_for(port):
    assert talk(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n") == b""


def test_half_a_second_head_is_not_waited_for(port):
    began = time.monotonic()
    answer = talk(port, b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /api")
    assert answer.startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 4  # less than uvicorn waits for a second request


def test_too_many_clients_are_told_so_and_let_in_when_others_have_left(served):
    with served(Limits(queue=1, workers=1, connections=2)) as port:
        ask = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        answer = talk(port, ask)
        status, text = failure(answer)
        assert (status, text) == (503, "too many clients are connected; try again later")
        assert b"retry-after: 5" in answer
        for client in idle:
            client.close()
        deadline = time.monotonic() + 5
        while (answer := talk(port, ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))) and b"503" in answer:
            assert time.monotonic() < deadline
        assert answer.startswith(b"HTTP/1.1 200")


def test_who_arrives_and_who_leaves_is_counted(served, jpeg, tmp_path, monkeypatch):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    monkeypatch.setattr(work, "preview", lambda upload, progress, max_pixels: large)
    with served(Limits(workers=1)) as port, socket.create_connection(("127.0.0.1", port)) as client:
        whole = head(len(body(jpeg)), "/api/preview") + body(jpeg)
        for part, state in ((whole[:-10], "arriving"), (whole[-10:], "leaving")):
            client.sendall(part)
            deadline = time.monotonic() + 5
            while not health(port)[state]:
                assert time.monotonic() < deadline
        client.shutdown(socket.SHUT_RDWR)


def test_half_a_body_is_not_waited_for(port):
    status, text = failure(talk(port, head(5000), body(bytes(100))[:150]))
    assert status == 408
    assert "0.8 seconds" in text


def test_slow_uploads_refuse_nobody_and_are_ended(served, jpeg):
    limits = Limits(queue=1, workers=1, patience_seconds=3, least_rate=1e6)
    with served(limits) as port, ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30)) for _ in range(8)]
        for client in slow:
            client.sendall(head(100_000) + body(bytes(1000))[:900])
        while health(port)["arriving"] <= limits.places:
            time.sleep(0.01)
        answer = httpx2.post(f"http://127.0.0.1:{port}/api/inspect", files={"file": ("a.jpg", jpeg)}, timeout=30)
        assert answer.status_code == 200
        for client in slow:
            status, text = failure(b"".join(iter(lambda: client.recv(65_536), b"")))  # noqa: B023
            assert status == 408
            assert "1,000,000 bytes a second" in text


@pytest.mark.parametrize(
    "rest",
    [
        b"/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000,  # and no end
        b"/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"/api/health?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_huge_head(port, rest):
    status, text = failure(talk(port, b"GET " + rest))
    assert status == 431
    assert "too long" in text


def test_what_is_no_http(port):
    assert failure(talk(port, b"\x16\x03\x01 hello\r\n\r\n"))[0] == 400


def test_a_body_that_is_announced_too_large_is_not_read(port):
    assert failure(talk(port, head(10**12)))[0] == 413


def test_a_chunked_body_too_large(port):
    def chunks():
        yield body(bytes(10))[:80]
        for _ in range(100):
            yield bytes(10_000)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = httpx2.post(f"http://127.0.0.1:{port}/api/restore", content=chunks(), headers=headers)
    assert answer.status_code == 413


def test_who_leaves_while_it_is_worked_on_frees_the_place(port, jpeg, monkeypatch):
    stopped = threading.Event()

    def forever(upload, progress, *rest):
        try:
            while True:
                time.sleep(0.005)
                progress(0.5)
        finally:
            stopped.set()

    monkeypatch.setattr(work, "restore", forever)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head(len(body(jpeg))) + body(jpeg))
        while not health(port)["working"]:
            time.sleep(0.01)
    assert stopped.wait(5)
    monkeypatch.undo()
    deadline = time.monotonic() + 5
    while health(port)["working"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert failure(talk(port, head(len(body(b"x"))) + body(b"x")))[0] == 415  # the server is well


def test_who_does_not_read_the_answer_is_hung_up_on(port, jpeg, tmp_path, monkeypatch):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    monkeypatch.setattr(work, "preview", lambda upload, progress, max_pixels: large)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(head(len(body(jpeg)), "/api/preview") + body(jpeg))
        time.sleep(1.5)
        client.settimeout(5)
        received = 0
        while data := client.recv(1 << 16):
            received += len(data)
    assert received < 64 << 20  # hung up on, long before the end


def test_who_is_worked_on_when_the_server_is_stopped_is_told(served, jpeg, monkeypatch, capfd):
    def forever(upload, progress, *rest):
        while True:
            time.sleep(0.1)
            progress(0.5)

    monkeypatch.setattr(work, "restore", forever)
    monkeypatch.setattr(server, "_GRACE", 600)  # it ends with the picture's next share, not with uvicorn's patience
    with ThreadPoolExecutor() as pool:
        with served(IMPATIENT) as port:
            answer = pool.submit(talk, port, head(len(body(jpeg))) + body(jpeg))
            while not health(port)["working"]:
                time.sleep(0.01)
        assert failure(answer.result()) == (503, "the server is being stopped")
    assert "Traceback" not in capfd.readouterr().err
