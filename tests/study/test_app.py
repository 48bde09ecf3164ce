import json
import re

import pytest

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from artifix.study.app import create_app
from artifix.study.design import read_design
from artifix.study.order import Controls
from artifix.study.ratings import read_raters, read_ratings
from artifix.study.store import Store

RATING = {"score": 61.25, "seconds": 4.5}


CONTROLS = Controls(hidden_reference=True, repeats=2, checks=2)


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
    told = client.get("/api/study").json()
    assert told.pop("wording")["language"] == "en"
    assert told == {
        "procedure": "continuous",
        "shown": 2,
        "grades": [],
        "lowest": 0,
        "highest": 100,
        "trials": 6,
        "minutes": 3,
        "minimum_seconds": 0,
        "by_invitation": False,
        "sizes": [[48, 64], [64, 48]],
    }


def test_a_whole_session(client, study):
    rater = begin(client)
    assert (rater["done"], rater["total"], rater["practice"], rater["simulated"]) == (0, 10, 4, False)
    shown = []
    while rater["trial"]:
        assert rater["completion"] == ""
        shown.append((*rater["trial"]["pictures"], rater["trial"]["practice"]))
        assert client.get(f"/api/raters/{rater['token']}").json() == rater  # as after a reload
        rater = rate(client, rater).json()
        assert len(read_ratings(study)) == rater["done"]  # kept before the next is shown
    assert rater["done"] == 10
    assert rater["completion"] == read_raters(study)[0].completion
    design = read_design(study)
    names = {name: (i.name, m) for i in design.by_name.values() for m, name in i.tests.items()}
    kept = [(r.image, r.method, r.kind == "practice") for r in read_ratings(study)]
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
        *[("ratio", value) for value in ("0", "Infinity", "[1]")],
        *[("window", value) for value in ('"wide"', '"1x2x3"')],
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
    picture = begin(client)["trial"]["pictures"][1]
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


@pytest.mark.parametrize("procedure", ["continuous", "acr", "pairs"])
def test_nothing_tells_the_method(make_study, procedure):
    study = make_study(images=3, procedure=procedure, controls=CONTROLS)
    design = read_design(study)
    client = TestClient(create_app(study), base_url="http://127.0.0.1")
    telling = re.compile(
        "|".join(["brighter", "jpeg", "reference", "worst", *(image.name for image in design.by_name.values())]), re.I
    )
    rater, heads, sizes = begin(client), set(), {}
    while rater["trial"]:
        trial = rater["trial"]
        assert set(trial) == {"practice", "pictures", "width", "height"}
        for url in trial["pictures"]:
            answer = client.get(url)
            assert re.fullmatch(r"/pictures/[0-9a-f]{32}\.png", url)
            assert answer.content.startswith(b"\x89PNG")
            sizes.setdefault((trial["width"], trial["height"]), set()).add(answer.headers["content-length"])
            own = ("content-length", "x-request-id")
            heads.add(tuple(item for item in sorted(answer.headers.items()) if item[0] not in own))
        answer = rate(client, rater, RATING | {"score": 1})
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


def test_grades_are_whole_and_a_trial_is_looked_at(make_study):
    study = make_study(procedure="dsis", controls=Controls(minimum_seconds=2))
    client = TestClient(create_app(study), base_url="http://127.0.0.1")
    assert client.get("/api/study").json()["grades"] == [5, 4, 3, 2, 1]
    rater = begin(client)
    for score in (0, 2.5, 6):
        answer = rate(client, rater, {"score": score, "seconds": 3})
        assert (answer.status_code, answer.json()["error"]) == (400, "score: must be a whole number within 1..5")
    hasty = rate(client, rater, {"score": 3, "seconds": 1.9})
    assert (hasty.status_code, hasty.json()["error"]) == (400, "seconds: at least 2 are asked for")
    assert rate(client, rater, {"score": 3, "seconds": 2}).json()["done"] == 1


@pytest.mark.parametrize(("procedure", "shown"), [("continuous", 2), ("dsis", 2), ("acr", 1), ("pairs", 2)])
def test_as_many_pictures_are_shown_as_the_procedure_needs(make_study, procedure, shown):
    study = make_study(procedure=procedure)
    client = TestClient(create_app(study), base_url="http://127.0.0.1")
    originals = {image.original for image in read_design(study).by_name.values()}
    trial = begin(client)["trial"]
    names = [url.split("/")[-1][:-4] for url in trial["pictures"]]
    assert len(names) == client.get("/api/study").json()["shown"] == shown
    assert [name in originals for name in names] == [True, False][-shown:] if procedure != "pairs" else [False, False]


def test_who_one_is_is_kept(client, study):
    said = {"age": "30-44", "vision": "corrected", "pixels_per_mm": 3.78, "screen": "1920x1080"}
    begin(client, **said)
    begin(client)
    first, second = read_raters(study)
    assert {name: getattr(first, name) for name in said} == said
    assert {getattr(second, name) for name in said} == {None}
    for name, wrong in (("age", "31"), ("vision", ""), ("pixels_per_mm", 0), ("screen", "large")):
        assert client.post("/api/raters", json={"consent": True, name: wrong}).status_code == 400


def test_an_invitation_is_for_one(client, study):
    (code,) = Store(study).add_invites(1)
    assert client.get("/api/study").json()["by_invitation"]
    start = {"consent": True}
    for invite in ("", "wrong", code[:-1]):
        answer = client.post("/api/raters", json=start | {"invite": invite})
        assert (answer.status_code, answer.json()["error"]) == (
            403,
            "this study needs an invitation code that nobody has used",
        )
    assert client.post("/api/raters", json=start | {"invite": f" {code.lower()} "}).status_code == 201
    assert client.post("/api/raters", json=start | {"invite": code}).status_code == 403
    assert begin(client, simulated=True)["simulated"]
    assert [rater.invite for rater in read_raters(study)] == [code, None]


def test_progress_is_for_the_experimenter_and_says_nothing_of_scores(make_study):
    study = make_study(images=2, controls=Controls(checks=2))
    client = TestClient(create_app(study, key="secret"), base_url="http://127.0.0.1")
    rater = begin(client)
    while rater["trial"]:
        rater = rate(client, rater, {"score": 0, "seconds": 3}).json()  # wrong where the original is shown
    begin(client)
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "secret"}):
        assert client.get("/api/experimenter", headers=headers).status_code == 401
    told = client.get("/api/experimenter", headers={"authorization": "Bearer secret"}).json()
    first, second = told["raters"]
    assert told["finished"] == 1
    assert (first["finished"], first["completion"], first["seconds"]) == (True, rater["completion"], 3)
    assert (first["checks"], first["failed"]) == (2, 1)
    assert (second["finished"], second["completion"], second["done"], second["seconds"]) == (False, "", 0, None)
    assert not {"score", "mos", "method"} & first.keys()
    without = TestClient(create_app(study), base_url="http://127.0.0.1")
    assert without.get("/api/experimenter", headers={"authorization": "Bearer "}).status_code == 401
