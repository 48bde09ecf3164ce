import signal
import threading
import time
from functools import partial

import pytest

from artifix.threads import ahead, side_by_side


def test_all_that_the_tasks_return_comes_as_it_comes():
    slow = threading.Event()

    def first():
        assert slow.wait(10)
        return 1

    with side_by_side([first, lambda: 2], 2) as results:
        assert next(results) == 2
        slow.set()
        assert list(results) == [1]


def test_no_more_tasks_run_than_jobs():
    running, most = [], []

    def task():
        running.append(0)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    with side_by_side([task] * 20, 3) as results:
        assert len(list(results)) == 20
    assert max(most) == 3


def test_an_error_in_a_task_drops_what_has_not_begun():
    began = []

    def task(number):
        began.append(number)
        time.sleep(0.005)
        raise KeyError(number)

    with pytest.raises(KeyError), side_by_side([partial(task, n) for n in range(50)], 1) as results:
        next(results)
    assert len(began) <= 3


def test_ctrl_c_that_another_thread_receives_ends_the_wait():
    heard = threading.Event()

    def task():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        return heard.wait(10)

    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt), side_by_side([task], 1) as results:
        try:
            next(results)
        finally:
            heard.set()
    assert time.monotonic() - before < 5


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
