import struct
import tempfile
import threading
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from artifix.web import work
from artifix.web.limits import Limits


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where uploads are put; every test must leave it empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def post(client, data, name="photo.jpg", path="/api/restore", **options):
    return client.post(path, files={"file": (name, data)}, **options)


def error(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"}
    text = answer.json()["error"]
    assert text
    assert "\n" not in text
    assert tempfile.gettempdir() not in text
    return text


def bomb(width=50_000, height=50_000) -> bytes:
    """A PNG of a few bytes that says it has billions of pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("path", ["/api/restore", "/api/inspect", "/api/preview", "/api/bound", "/api/uploads"])
def test_a_bomb_is_too_large(client, path):
    assert "pixels" in error(post(client, bomb(), "bomb.png", path), 413)


def test_pixels_just_above_the_limit(make_client, photograph):
    file = BytesIO()
    Image.fromarray(photograph).save(file, "PNG")
    allowed = photograph.shape[0] * photograph.shape[1]
    assert post(make_client(Limits(max_pixels=allowed)), file.getvalue(), "a.png").status_code == 200
    error(post(make_client(Limits(max_pixels=allowed - 1)), file.getvalue(), "a.png"), 413)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"no picture at all", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415),
    ],
)
def test_what_is_no_picture(client, data, status):
    assert "not a picture" in error(post(client, data), status)


@pytest.mark.parametrize("path", ["/api/restore", "/api/inspect", "/api/preview", "/api/bound"])
def test_a_broken_picture(client, jpeg, path):
    assert "broken" in error(post(client, jpeg[: len(jpeg) // 2], path=path), 422)


def test_a_format_that_cannot_hold_the_picture(client):
    file = BytesIO()
    Image.new("RGBA", (40, 40), (10, 20, 30, 40)).save(file, "PNG")
    text = error(post(client, file.getvalue(), "a.png", params={"format": "jpeg"}), 400)
    assert "transparency" in text
    assert "restored.jpg" not in text  # what it is called in here


@pytest.mark.parametrize("path", ["/api/restore", "/api/inspect", "/api/preview", "/api/bound"])
def test_a_jpeg_of_many_scans_is_refused(client, photograph, path):
    file = BytesIO()
    Image.fromarray(photograph).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    assert "scans" in error(post(client, data[:-2] + 1000 * last + data[-2:], path=path), 422)


@pytest.mark.parametrize("charset", ["idna", "undefined", "utf-16", "no-such-charset", "hex", '"utf-7"', ""])
@pytest.mark.parametrize("place", ["form", "part"])
def test_a_charset_makes_no_difference(client, jpeg, charset, place):
    form, part = (f"; charset={charset}" if place == where else "" for where in ("form", "part"))
    line = f"Content-Type: image/jpeg{part}\r\n\r\n"
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="ä.jpg"\r\n' + line
    answer = client.post(
        "/api/inspect",
        content=head.encode() + jpeg + b"\r\n--x--\r\n",
        headers={"content-type": f"multipart/form-data{form}; boundary=x"},
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "name",
    [
        "../../../evil.jpg",
        "/etc/evil.jpg",
        "C:\\evil.jpg",
        "a\x00b.jpg",
        ".jpg",
        "..",
        "x" * 3000 + ".jpg",
        "%2e%2e/x.jpg",
    ],
)
def test_a_file_name_is_only_a_name(client, jpeg, temporary, name):
    answer = post(client, jpeg, name)
    assert answer.status_code == 200, answer.text
    given = answer.headers["content-disposition"].split("filename", 1)[1]
    assert not {"/", "\\", "\x00"} & set(given)
    assert len(given) < 200
    assert not list(temporary.parent.rglob("evil*"))


def test_a_body_too_large_by_its_length(make_client, jpeg):
    answer = post(make_client(Limits(max_bytes=1000)), bytes(80_000))
    assert "1,000 bytes" in error(answer, 413)


def test_a_body_too_large_without_a_length(make_client):
    sent = 0

    def chunks():
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(1000):
            sent += 10_000
            yield bytes(10_000)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = make_client(Limits(max_bytes=50_000)).post("/api/restore", content=chunks(), headers=headers)
    error(answer, 413)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {}}, 400),
        ({"data": {"file": "text"}}, 400),
        ({"files": {"other": b"x"}}, 400),
        ({"files": [("file", b"x"), ("file", b"y")]}, 400),
        ({"files": {"file": b"x"}, "data": {"strength": "1"}}, 400),
        ({"content": b"garbage", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"garbage", "headers": {"content-type": "multipart/form-data"}}, 400),
        (
            {
                "content": b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
                + b"a" * 100_000
                + b'"\r\n\r\n',
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            400,
        ),
    ],
)
def test_another_body_is_refused(client, options, status):
    assert "'file'" in error(client.post("/api/restore", **options), status)


@pytest.fixture
def blocked(monkeypatch):
    """Restoring waits for this event."""
    go = threading.Event()

    def wait(upload, progress, *rest):
        while not go.wait(0.01):
            progress(0.25)
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(work, "restore", wait)
    yield go
    go.set()


def test_a_full_queue_says_when_to_come_again(make_client, jpeg, blocked):
    with make_client(Limits(queue=0, workers=1)) as client:
        first = threading.Thread(target=post, args=(client, jpeg), kwargs={"params": {"job": "first"}})
        first.start()
        while client.get("/api/progress/first").json()["state"] != "working":
            pass
        answer = post(client, jpeg)
        error(answer, 429)
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/api/progress/first").json()["share"] in (0, 0.25)
        assert client.get("/api/health").json()["working"] == 1
        blocked.set()
        first.join()
        assert post(client, jpeg).status_code != 429


def test_a_failure_inside_tells_nothing(client, jpeg, blocked):
    blocked.set()
    assert "secret" not in error(post(client, jpeg), 500)


def test_without_the_token_nothing_is_told(make_client, jpeg):
    client = make_client(token="open sesame")
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic open sesame"}):
        assert error(post(client, jpeg, headers=headers), 401)
        assert error(client.get("/api/models", headers=headers), 401)
        assert error(client.get("/api/progress/x", headers=headers), 401)
    assert client.get("/api/health").status_code == 200
    assert client.get("/").status_code == 200
    assert post(client, jpeg, headers={"authorization": "Bearer open sesame"}).status_code == 200


def test_another_name_for_this_machine_is_refused_without_a_token(make_client, client):
    for host in ("rebound.example", "127.0.0.1.example", "[::1", "[x]"):
        error(client.get("/api/models", headers={"host": host}), 421)
    with_token = make_client(token="t")
    headers = {"host": "pictures.example", "authorization": "Bearer t"}
    assert with_token.get("/api/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this machine, say
        {"origin": "https://evil.example"},  # browsers say no more to addresses that are not secure
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "http://[::1"},
    ],
)
def test_another_sites_page_may_not_post(client, jpeg, headers):
    error(post(client, jpeg, headers=headers), 403)


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin", "origin": "https://a.example"}, {"origin": "http://127.0.0.1"}]
)
def test_our_own_page_may(client, jpeg, headers):
    assert post(client, jpeg, path="/api/inspect", headers=headers).status_code == 200


def test_a_page_of_an_allowed_origin_may_and_reads_the_answer(make_client, jpeg):
    client = make_client(token="t", origins=["https://pictures.example"])
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    ours = {"origin": "https://pictures.example", "sec-fetch-site": "cross-site"}
    allowed = client.options("/api/restore", headers=ours | asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://pictures.example")
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    answer = post(client, jpeg, headers=ours | {"authorization": "Bearer t"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://pictures.example"
    assert "Artifix-Record" in answer.headers["access-control-expose-headers"]
    refused = post(client, jpeg, headers=ours)
    assert refused.headers["access-control-allow-origin"] == "https://pictures.example"  # so that it can be read
    error(refused, 401)
    other = ours | {"origin": "https://evil.example"}
    assert "access-control-allow-origin" not in client.options("/api/restore", headers=other | asked).headers
    error(post(client, jpeg, headers=other | {"authorization": "Bearer t"}), 403)


def test_files_outside_the_page_are_not_served(client):
    for path in ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "//etc/passwd"):
        answer = client.get(path)
        assert answer.status_code == 404, path
    assert (Path(work.__file__).parent / "app.py").exists()
