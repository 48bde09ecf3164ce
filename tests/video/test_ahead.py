import threading
import time

import pytest

from artifix.video.ahead import ahead


def test_everything_comes_in_order():
    with ahead(range(100), 3) as items:
        assert list(items) == list(range(100))


def test_no_more_is_made_than_there_is_room_for():
    made = []

    def source():
        for number in range(50):
            made.append(number)
            yield number

    with ahead(source(), 4) as items:
        most = 0
        for number in items:
            time.sleep(0.002)
            most = max(most, len(made) - number)
    assert len(made) == 50
    assert most <= 4 + 2  # four waiting, one handed over, one in the making


def test_an_error_comes_after_what_was_made_before_it():
    def source():
        yield 1
        raise KeyError("broken")

    with ahead(source(), 4) as items:
        assert next(items) == 1
        with pytest.raises(KeyError, match="broken"):
            next(items)


def test_leaving_early_ends_the_thread_and_closes_its_source():
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), ahead(source(), 2) as items:
        next(items)
        raise KeyboardInterrupt
    assert closed.is_set()
    assert threading.active_count() == before


def test_stages_stand_one_behind_the_other():
    with ahead(range(30), 2) as numbers, ahead((n * n for n in numbers), 2) as squares:
        assert list(squares) == [n * n for n in range(30)]
