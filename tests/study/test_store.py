import sqlite3
import threading
from contextlib import closing

import pytest

from artifix.errors import DataError, OutputError
from artifix.study.order import Trial
from artifix.study.store import OutOfTurnError, Store, read_ratings

TRIALS = [Trial("t", "a", True), Trial("p", "a", False), Trial("p", "b", False)]


def draw(rater):
    return TRIALS


def rate(store, token, number, score=50.0):
    return store.rate(token, number, score, seconds=1.5, scale=1.0)


def test_a_rater_goes_from_trial_to_trial(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    assert store.standing(token).trial == TRIALS[0]
    for number, following in ((1, TRIALS[1]), (2, TRIALS[2]), (3, None)):
        standing = rate(store, token, number, 10.0 * number)
        assert (standing.trial, standing.done, standing.total, standing.training) == (following, number, 3, 1)
    found = read_ratings(tmp_path)
    assert [(r.rater, r.number, r.image, r.method, r.training, r.score) for r in found] == [
        (1, 1, "t", "a", True, 10),
        (1, 2, "p", "a", False, 20),
        (1, 3, "p", "b", False, 30),
    ]
    assert {(r.simulated, r.seconds, r.scale) for r in found} == {(False, 1.5, 1.0)}


def test_the_first_rating_stands(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    rate(store, token, 1, 20)
    rate(store, token, 2, 40)
    assert rate(store, token, 1, 90).done == 2
    assert [rating.score for rating in read_ratings(tmp_path)] == [20, 40]


def test_what_is_refused_changes_nothing(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    with pytest.raises(OutOfTurnError):
        rate(store, token, 2)
    with pytest.raises(KeyError):
        rate(store, "somebody", 1)
    for score in (-0.1, 100.1, float("nan")):
        with pytest.raises(ValueError, match=r"0\.\.100"):
            rate(store, token, 1, score)
    assert read_ratings(tmp_path) == []
    assert store.standing(token).done == 0


def test_it_is_a_write_ahead_log_and_another_process_sees_it_at_once(tmp_path):
    store = Store(tmp_path)
    with store._connection() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    token = store.add_rater(draw, simulated=True)
    rate(store, token, 1)
    assert Store(tmp_path).standing(token).done == 1
    assert read_ratings(tmp_path)[0].simulated


def test_many_raters_at_once(tmp_path):
    store, tokens = Store(tmp_path), []

    def one():
        token = store.add_rater(draw)
        for number in (1, 2, 3):
            rate(store, token, number, float(number))
        tokens.append(token)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 12
    assert len({(r.rater, r.number) for r in read_ratings(tmp_path)}) == 36


def test_one_trial_rated_from_two_windows(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    barrier = threading.Barrier(4)

    def one(score):
        barrier.wait()
        rate(store, token, 1, score)

    threads = [threading.Thread(target=one, args=(float(score),)) for score in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_ratings(tmp_path)) == 1
    assert store.standing(token).done == 1


def test_what_is_no_store(tmp_path):
    assert read_ratings(tmp_path) == []
    (tmp_path / "ratings.sqlite3").write_text("no database, and long enough to be seen as none " * 30)
    with pytest.raises(DataError, match="no ratings"):
        read_ratings(tmp_path)
    with pytest.raises(OutputError, match="cannot be opened"):
        Store(tmp_path)
    with pytest.raises(OutputError, match="cannot be opened"):
        Store(tmp_path / "nowhere")


def test_a_study_from_before_the_window_was_noted_is_read_and_goes_on(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    rate(store, token, 1)
    with closing(sqlite3.connect(store.path)) as connection:
        for column in ("ratio", "window"):
            connection.execute(f"ALTER TABLE trials DROP COLUMN {column}")
    assert [(rating.ratio, rating.window) for rating in read_ratings(tmp_path)] == [(None, None)]
    Store(tmp_path).rate(token, 2, 50, seconds=2, scale=1, ratio=1.5, window="800x600")
    assert [(r.ratio, r.window) for r in read_ratings(tmp_path)] == [(None, None), (1.5, "800x600")]
