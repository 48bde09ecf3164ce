"""What whoever runs the server relies on: methods, proxies, the log, the metrics."""

import json
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from artifix.serving.logs import JsonFormatter, TextFormatter
from artifix.web import work


def inspect(client, data, **options):
    return client.post("/api/inspect", files={"file": ("photo.jpg", data)}, **options)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/restore", "OPTIONS, POST"),
        ("/api/health", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/style.css", "GET, HEAD, OPTIONS"),
    ],
)
def test_every_path_says_which_methods_it_takes(client, path, allowed):
    asked, refused = client.options(path), client.delete(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert "error" in refused.json()


@pytest.mark.parametrize("path", ["/api/health", "/api/models", "/", "/style.css", "/api/nothing"])
def test_head_is_get_without_the_content(client, path):
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.content == b""


def test_the_docs_are_where_people_look_for_them(client):
    answer = client.get("/docs", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/docs.html")


@pytest.mark.parametrize("before", ["", "/artifix"])
def test_behind_a_proxy_that_puts_a_path_before_ours(make_client, jpeg, before):
    """Whether the proxy takes it away again or not, and the token guards both."""
    client = make_client(token="t", root_path="/artifix")
    borne = {"authorization": "Bearer t"}
    assert client.get(f"{before}/api/models", headers=borne).status_code == 200
    assert client.get(f"{before}/api/models").status_code == 401
    assert client.get(f"{before}/metrics").status_code == 401
    assert client.get(f"{before}/app.js").status_code == 200
    assert client.get(f"{before}/openapi.json").json()["servers"] == [{"url": "/artifix"}]
    assert client.get(f"{before}/docs", follow_redirects=False).headers["location"] == "/artifix/docs.html"


def samples(client, **options):
    text = client.get("/metrics", **options).text
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return lambda name, **labels: next(
        (one.value for one in found if one.name == name and one.labels.items() >= labels.items()), 0.0
    )


def test_metrics_count_what_happens(make_client, jpeg):
    client = make_client()
    assert client.post("/api/restore", files={"file": ("a.jpg", jpeg)}).status_code == 200
    assert client.post("/api/uploads", files={"file": ("a.jpg", jpeg)}).status_code == 201
    client.post("/api/restore?strength=7")
    client.get("/made/up")
    client.request("MADEUP", "/made/up")
    told = samples(client)
    requests = "artifix_requests_total"
    assert told(requests, method="POST", route="/api/restore", status="200") == 1
    assert told(requests, method="POST", route="/api/restore", status="400") == 1
    assert told(requests, method="GET", route="other", status="404") == 1
    assert told(requests, method="other", route="other", status="405") == 1
    assert told("artifix_request_seconds_count", route="/api/restore") == 2
    assert told("artifix_restored_pixels_total") == 128 * 96
    assert told("artifix_kept_bytes") == len(jpeg)
    assert told("artifix_received_bytes_total") > 2 * len(jpeg)
    assert told("artifix_pictures", state="working") == 0


def test_metrics_are_behind_the_token(make_client):
    client = make_client(token="t")
    assert client.get("/metrics").status_code == 401
    assert samples(client, headers={"authorization": "Bearer t"})("artifix_requests_total", status="401") == 1


def test_each_answer_is_a_line_with_the_requests_id(client, jpeg, caplog):
    caplog.set_level(logging.INFO, "artifix.access")
    own = inspect(client, jpeg, headers={"x-request-id": "from-the-proxy.7"})
    made = inspect(client, jpeg, headers={"x-request-id": "a line\tof its own"})
    client.get("/api/health")  # polled, so not a line
    client.get("/api/health?x=1")  # but this is
    assert own.headers["x-request-id"] == "from-the-proxy.7"
    assert re.fullmatch("[0-9a-f]{16}", made.headers["x-request-id"])
    told = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line["method"], line["path"], line["status"]) for line in told] == [
        ("POST", "/api/inspect", 200),
        ("POST", "/api/inspect", 200),
        ("GET", "/api/health", 400),
    ]
    assert told[0]["request_id"] == "from-the-proxy.7"
    assert told[0]["received"] > len(jpeg)
    assert told[0]["sent"] == len(own.content)
    text = TextFormatter().format(caplog.records[0])
    assert re.fullmatch(
        r"[\dT:-]+Z testclient POST /api/inspect 200 [\d,]+ B in, [\d,]+ B out, [\d.]+ s from-the-proxy\.7", text
    )


def test_a_name_cannot_begin_a_line_of_its_own(client, caplog):
    caplog.set_level(logging.INFO, "artifix.access")
    client.get("/a%0A2026-01-01T00:00:00Z 127.0.0.1 GET /forged")
    assert "\n" not in TextFormatter().format(caplog.records[-1])
    assert "\n" not in JsonFormatter().format(caplog.records[-1])


def test_what_fails_inside_is_logged_with_its_id(client, jpeg, caplog, monkeypatch):
    monkeypatch.setattr(work, "describe", lambda *_, **__: 1 / 0)
    answer = inspect(client, jpeg)
    assert answer.status_code == 500
    record = next(record for record in caplog.records if record.exc_info)
    told = json.loads(JsonFormatter().format(record))
    assert answer.headers["x-request-id"] in told["message"]
    assert "ZeroDivisionError" in told["traceback"]
    assert (told["level"], "ZeroDivisionError" in TextFormatter().format(record)) == ("error", True)
