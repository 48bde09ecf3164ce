import json
import re

import pytest

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from artifix.study.app import create_app
from artifix.study.design import read_design
from artifix.study.store import read_ratings

RATING = {"score": 61.25, "seconds": 4.5, "scale": 0.75}


@pytest.fixture
def study(make_study):
    return make_study(images=3)


@pytest.fixture
def client(study):
    return TestClient(create_app(study), base_url="http://127.0.0.1", raise_server_exceptions=False)


def begin(client, **more):
    return client.post("/api/raters", json={"consent": True, **more}).json()


def rate(client, rater, rating=RATING, ahead=1):
    return client.put(f"/api/raters/{rater['token']}/trials/{rater['done'] + ahead}", json=rating)


def test_nobody_begins_without_consent(client, study):
    for body in ({}, {"consent": False}, None):
        assert client.post("/api/raters", json=body).status_code == 400
    answer = client.post("/api/raters", json={"consent": True})
    assert answer.status_code == 201
    assert client.get("/api/study").json() == {"pictures": 6, "minutes": 3, "sizes": [[48, 64], [64, 48]]}


def test_a_whole_session(client, study):
    rater = begin(client)
    assert (rater["done"], rater["total"], rater["practice"], rater["simulated"]) == (0, 8, 2, False)
    shown = []
    while rater["trial"]:
        shown.append((rater["trial"]["original"], rater["trial"]["test"], rater["trial"]["practice"]))
        assert client.get(f"/api/raters/{rater['token']}").json() == rater  # as after a reload
        rater = rate(client, rater).json()
        assert len(read_ratings(study)) == rater["done"]  # kept before the next is shown
    assert rater["done"] == 8
    design = read_design(study)
    names = {name: (i.name, m) for i in design.by_name.values() for m, name in i.tests.items()}
    kept = [(r.image, r.method, r.training) for r in read_ratings(study)]
    assert kept == [(*names[test.split("/")[-1][:-4]], practice) for _, test, practice in shown]
    originals = {image.name: f"/pictures/{image.original}.png" for image in design.by_name.values()}
    assert [original for original, _, _ in shown] == [originals[image] for image, _, _ in kept]


def test_what_is_sent_twice_counts_once(client, study):
    rater = begin(client)
    once, twice = rate(client, rater), rate(client, rater, RATING | {"score": 5})
    assert once.json() == twice.json()
    assert [rating.score for rating in read_ratings(study)] == [61.25]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("score", value) for value in ("101", "-1", "null", "NaN", '"NaN"', "true", '"50"', "1" + "0" * 400)],
        *[("seconds", value) for value in ("-1", "NaN", "Infinity")],
        *[("scale", value) for value in ("0", "Infinity", "[1]")],
    ],
)
def test_wrong_ratings_are_refused(client, study, name, value):
    rater = begin(client)
    body = json.dumps(RATING | {name: 0}).replace(f'"{name}": 0', f'"{name}": {value}')
    url = f"/api/raters/{rater['token']}/trials/1"
    answer = client.put(url, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json().keys()) == (400, {"error"})
    assert answer.json()["error"].startswith(f"{name}: ")
    assert read_ratings(study) == []


def test_a_body_too_large_is_refused(client):
    rater = begin(client)

    def chunks():
        for _ in range(100):
            yield b" " * 1000

    for content in (b" " * 100_000, chunks()):
        headers = {"content-type": "application/json"}
        answer = client.put(f"/api/raters/{rater['token']}/trials/1", content=content, headers=headers)
        assert (answer.status_code, answer.json()) == (413, {"error": "the body has more than 1,000 bytes"})


def test_neither_another_name_nor_another_sites_page_is_heard(client, study):
    assert client.get("/api/study", headers={"host": "rebound.example"}).status_code == 421
    crossing = client.post("/api/raters", json={"consent": True}, headers={"sec-fetch-site": "cross-site"})
    assert crossing.status_code == 403
    open_to_others = TestClient(create_app(study, any_host=True), base_url="http://pictures.example")
    assert open_to_others.get("/api/study").status_code == 200


def test_a_picture_whose_file_is_missing_is_not_found(client, study):
    picture = begin(client)["trial"]["test"]
    (study / picture.removeprefix("/")).unlink()
    answer = client.get(picture)
    assert (answer.status_code, answer.json()) == (404, {"error": "the picture's file is missing"})


def test_who_and_what_is_unknown(client):
    rater = begin(client)
    assert rate(client, rater, ahead=2).status_code == 409
    assert rate(client, rater, ahead=10**30).status_code == 409
    assert rate(client, rater, ahead=0).status_code == 400
    assert client.get("/api/raters/nobody").status_code == 404
    assert client.put("/api/raters/nobody/trials/1", json=RATING).status_code == 404
    for path in ("/pictures/x.png", "/pictures/..%2fstudy.json", "/static/../design.py", "/study.json", "/docs"):
        assert client.get(path).status_code == 404, path


def test_nothing_tells_the_method(client, study):
    design = read_design(study)
    telling = re.compile("|".join(["brighter", "jpeg", *(image.name for image in design.by_name.values())]), re.I)
    rater, heads, sizes = begin(client), set(), {}
    while rater["trial"]:
        trial = rater["trial"]
        assert set(trial) == {"practice", "original", "test", "width", "height"}
        for url in (trial["original"], trial["test"]):
            answer = client.get(url)
            assert re.fullmatch(r"/pictures/[0-9a-f]{32}\.png", url)
            assert answer.content.startswith(b"\x89PNG")
            sizes.setdefault((trial["width"], trial["height"]), set()).add(answer.headers["content-length"])
            own = ("content-length", "x-request-id")
            heads.add(tuple(item for item in sorted(answer.headers.items()) if item[0] not in own))
        answer = rate(client, rater)
        assert not telling.search(answer.text + str(answer.headers))
        rater = answer.json()
    assert len(heads) == 1
    assert not {"last-modified", "etag"} & set(dict(next(iter(heads))))
    assert all(len(of_size) == 1 for of_size in sizes.values())


def test_the_page_comes_from_here_alone(client):
    for path in ("/", "/rate/anybody"):
        page = client.get(path)
        assert page.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        for source in re.findall(r'(?:src|href)="([^"]*)"', page.text):
            assert source == "/" or source.startswith(("/static/", "data:"))
            if source.startswith("/static/"):
                assert client.get(source).status_code == 200


def test_the_simulated_are_marked(client, study):
    rater = begin(client, simulated=True)
    assert rater["simulated"]
    rate(client, rater)
    rate(client, begin(client))
    assert [rating.simulated for rating in read_ratings(study)] == [True, False]
