"""A small share of `tests/stress/fuzz_http.py`: mutated uploads end as pictures or as refusals that tell nothing."""

import sys

import pytest

httpx2 = pytest.importorskip("httpx2")
pytest.importorskip("fastapi")


@pytest.fixture
def fuzz_http(program):
    return program("fuzz_http")


@pytest.mark.skipif(sys.platform != "linux", reason="the server's memory is asked of /proc")
def test_mutated_uploads_end_as_pictures_or_as_refusals(fuzz_http, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz_http, "GROWTH", 10.0)  # so few uploads warm nothing
    found = fuzz_http.fuzz(count=30, seed=1, keep=tmp_path)
    assert found["lost"] == 0, [path.read_text() for path in tmp_path.glob("*.txt")]
    assert found["outcomes"].keys() == {"refused", "restored"}


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (200, b"no picture", "broken output"),
        (415, b'{"error": "not a picture"}', "refused"),
        (415, b'{"error": "two\\nlines"}', "unclear error"),
        (415, b'{"error": "/secret/upload: broken"}', "unclear error"),
        (404, b'{"error": "not found"}', "unclear error"),
        (422, b"<h1>broken</h1>", "unclear error"),
        (500, b'{"error": "the server has failed at this"}', "failed"),
    ],
)
def test_what_goes_wrong_is_seen(fuzz_http, status, content, outcome):
    assert fuzz_http.judge("restore", httpx2.Response(status, content=content), "/secret")[0] == outcome
