"""The server as a process that is killed while raters rate: what it has acknowledged is there afterwards."""

import http.client
import json
import threading
import time
import urllib.request

import pytest

pytest.importorskip("fastapi")
from artifix.study.ratings import read_ratings

RATERS = 4


def ask(method, url, body=None):
    """The answer, however long the server is away."""
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    for _ in range(1200):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException):  # away, or killed in the middle of an answer
            time.sleep(0.05)
    raise TimeoutError(url)


def test_a_killed_server_loses_no_rating(make_study, make_server):
    study = make_study(images=8)
    server = make_server(study)
    acknowledged, wrong = {}, []

    def rate_all(which):
        try:
            rater = ask("POST", f"{server.address}api/raters", {"consent": True, "simulated": True})
            url = f"{server.address}api/raters/{rater['token']}"
            while rater["trial"]:
                number = rater["done"] + 1
                score = 10.0 * which + number / 7
                rater = ask("PUT", f"{url}/trials/{number}", {"score": score, "seconds": 1})
                acknowledged[rater["token"], number] = score
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=rate_all, args=(which,)) for which in range(RATERS)]
    for thread in threads:
        thread.start()
    for enough in (12, 40):
        while len(acknowledged) < enough and any(thread.is_alive() for thread in threads):
            time.sleep(0.005)
        server.kill()
        known = list(acknowledged.values())
        assert len(known) >= enough
        kept = [rating.score for rating in read_ratings(study)]
        assert set(known) <= set(kept)
        assert len(kept) == len(set(kept))
        server.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    kept = read_ratings(study)
    assert sorted(rating.score for rating in kept) == sorted(acknowledged.values())
    assert len(kept) == RATERS * (4 + 8 * 2)
    assert all(rating.simulated for rating in kept)
