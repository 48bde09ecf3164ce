"""The API's description is true: schemathesis sends what it allows and what it does not, and finds no answer amiss."""

import subprocess
import sys
from pathlib import Path

import pytest

from artifix.web import video
from artifix.web.limits import Limits

HERE = Path(__file__).parent


@pytest.fixture
def schema(client) -> dict:
    return client.get("/openapi.json").json()


def test_schemathesis_finds_nothing(served, tmp_path, monkeypatch):
    pytest.importorskip("schemathesis")
    monkeypatch.setattr(video, "is_wanted", lambda: False)  # a child process for each of these would take minutes
    with served(Limits(workers=1), token="sesame") as port:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
        address = f"http://127.0.0.1:{port}/openapi.json"
        options = ["-H", "Authorization: Bearer sesame", "-n", "5", "--seed", "1", "--generation-database", "none"]
        done = subprocess.run([*command, address, *options], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "13 passed" in done.stdout


def test_the_upload_is_described(schema):
    paths = schema["paths"]
    assert [path for path in paths if "410" in paths[path].get("post", {}).get("responses", {})] == [
        "/api/restore",
        "/api/inspect",
        "/api/preview",
        "/api/bound",
        "/api/frame",
        "/api/videos",
    ]
    operation = paths["/api/restore"]["post"]
    assert "multipart/form-data" in operation["requestBody"]["content"]
    assert {"400", "413", "415", "422", "429"} <= operation["responses"].keys()
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"model", "strength", "detail", "format", "quality", "upload", "job"}


def test_answers_are_what_they_are_said_to_be(client, schema, jpeg):
    told = schema["paths"]["/api/restore"]["post"]["responses"]["200"]
    for format, type in {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "jp2": "image/jp2"}.items():
        answer = client.post("/api/restore", params={"format": format}, files={"file": ("a.jpg", jpeg)})
        assert answer.headers["content-type"] == type
        assert type in told["content"]
        assert all(name.lower() in answer.headers for name in told["headers"])


def test_the_token_is_described_where_it_is_needed(make_client, schema):
    assert "securitySchemes" not in schema["components"]
    told = make_client(token="t").get("/openapi.json").json()
    assert told["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    open_paths = [path for path, methods in told["paths"].items() for one in methods.values() if not one["security"]]
    assert open_paths == ["/api/health"]
    assert all("401" in one["responses"] for one in told["paths"]["/metrics"].values())
