import threading
from contextlib import suppress

import pytest

from artifix.errors import DataError, OutputError
from artifix.study.order import Trial
from artifix.study.ratings import read_raters, read_ratings
from artifix.study.store import InviteError, OutOfTurnError, Profile, Store

TRIALS = [Trial("practice", "t", "a"), Trial("test", "p", "a"), Trial("test", "p", "b")]


def draw(rater):
    return TRIALS


def rate(store, token, number, score=50.0):
    return store.rate(token, number, score, seconds=1.5)


def test_a_rater_goes_from_trial_to_trial(tmp_path):
    store = Store(tmp_path)
    token = store.add_rater(draw)
    assert store.standing(token).trial == TRIALS[0]
    for number, following in ((1, TRIALS[1]), (2, TRIALS[2]), (3, None)):
        standing = rate(store, token, number, 10.0 * number)
        assert (standing.trial, standing.done, standing.total, standing.practice) == (following, number, 3, 1)
    found = read_ratings(tmp_path)
    assert [(r.rater, r.number, r.image, r.method, r.kind, r.score) for r in found] == [
        (1, 1, "t", "a", "practice", 10),
        (1, 2, "p", "a", "test", 20),
        (1, 3, "p", "b", "test", 30),
    ]
    assert {(r.simulated, r.seconds, r.other) for r in found} == {(False, 1.5, "")}


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


def test_who_has_begun_and_how_far(tmp_path):
    store = Store(tmp_path)
    one = store.add_rater(draw, profile=Profile("60+", "normal", 4.5, "2560x1440"))
    store.add_rater(draw, simulated=True)
    for number in (1, 2, 3):
        assert not read_raters(tmp_path)[0].finished
        standing = rate(store, one, number)
    first, second = read_raters(tmp_path)
    assert (first.done, first.total, first.finished, first.simulated) == (3, 3, True, False)
    assert (first.age, first.vision, first.pixels_per_mm, first.screen) == ("60+", "normal", 4.5, "2560x1440")
    assert (second.done, second.last, second.finished, second.simulated) == (0, None, False, True)
    assert standing.completion == first.completion
    assert len(first.completion) == 8
    assert first.completion != second.completion


def test_an_invitation_is_used_once_even_at_the_same_moment(tmp_path):
    store = Store(tmp_path)
    codes, barrier, begun = store.add_invites(2), threading.Barrier(6), []

    def one(number):
        barrier.wait()
        with suppress(InviteError):
            begun.append(store.add_rater(draw, invite=codes[number % 2]))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == len(set(codes)) == 2
    assert sorted(rater.invite for rater in read_raters(tmp_path)) == sorted(codes)
