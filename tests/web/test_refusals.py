"""A refusal arrives, although it is known before the picture that it refuses has been sent."""

import http.client
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from artifix.web.limits import Limits

BODY = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    + bytes(1_000_000)
    + b"\r\n--x--\r\n"
)
FORM = "multipart/form-data; boundary=x"
TIMES = 30


@pytest.fixture(scope="module")
def port(served):
    with served(Limits(workers=1), token="sesame") as port:
        yield port


@contextmanager
def nginx(folder, port):
    """The port of an nginx that passes all on to another of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = free.getsockname()[1]
    folders = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{}}
        http {{
            access_log off; client_max_body_size 64m; {folders}
            upstream artifix {{ server 127.0.0.1:{port}; keepalive 4; }}
            server {{
                listen 127.0.0.1:{own};
                location / {{
                    proxy_pass http://artifix; proxy_http_version 1.1;
                    proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_request_buffering off;
                }}
            }}
        }}""")
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(500):
                with socket.socket() as probe:
                    if not probe.connect_ex(("127.0.0.1", own)):
                        break
                time.sleep(0.01)
            yield own
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=["alone", "nginx"])
def way(request, port, tmp_path_factory):
    """The port that a client asks at: the server's, or that of a proxy before it."""
    if request.param == "alone":
        yield port
        return
    if not shutil.which("nginx"):
        pytest.skip("there is no nginx")
    with nginx(tmp_path_factory.mktemp("nginx"), port) as own:
        yield own


def answers(port, path, token, content_type, body) -> list[int]:
    """The statuses of so many requests by one client, who keeps its connection while the server does; 0 for a loss."""
    found = []
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(TIMES):
        try:
            client.request("GET", "/api/health")  # the connection is one that is kept
            client.getresponse().read()
            client.request("POST", path, body, {"Content-Type": content_type, "Authorization": f"Bearer {token}"})
            answer = client.getresponse()
            answer.read()
            found.append(answer.status)
        except OSError:
            found.append(0)
            client.close()
        except http.client.HTTPException:
            found.append(0)
            client.close()
    client.close()
    return found


@pytest.mark.parametrize(
    ("path", "token", "content_type", "status"),
    [
        ("/api/restore?model=none", "sesame", FORM, 400),
        ("/api/restore?strength=2", "sesame", FORM, 400),
        ("/api/restore", "wrong", FORM, 401),
        ("/api/restore", "sesame", "application/json", 400),
        ("/api/videos?strength=2", "sesame", FORM, 400),
        ("/api/frame?at=2", "sesame", FORM, 400),
        ("/api/nothing", "sesame", FORM, 405),
    ],
)
def test_every_refusal_arrives(way, path, token, content_type, status):
    assert answers(way, path, token, content_type, BODY) == [status] * TIMES
