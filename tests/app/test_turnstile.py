"""One at a time, first come first served, and everybody sees their place."""

import threading

import pytest

from app.turnstile import Turnstile
from engine.errors import Stopped
from engine.protocols import never_stop


def test_the_first_enters_at_once_and_the_next_are_told_their_place() -> None:
    turnstile = Turnstile()
    assert list(turnstile.enter(never_stop)) == []
    second, third = turnstile.enter(never_stop), turnstile.enter(never_stop)
    assert next(second).ahead == 1
    assert next(third).ahead == 2
    turnstile.leave()
    assert list(second) == []
    assert next(third).ahead == 1


def test_giving_up_while_waiting_lets_the_others_move_up() -> None:
    turnstile = Turnstile()
    list(turnstile.enter(never_stop))
    gone = threading.Event()
    quitter, patient = turnstile.enter(gone.is_set), turnstile.enter(never_stop)
    assert next(quitter).ahead == 1
    assert next(patient).ahead == 2
    gone.set()
    with pytest.raises(Stopped):
        next(quitter)
    assert next(patient).ahead == 1


def test_a_closed_page_leaves_the_queue() -> None:
    turnstile = Turnstile()
    list(turnstile.enter(never_stop))
    waiting = turnstile.enter(never_stop)
    next(waiting)
    waiting.close()  # type: ignore[attr-defined]
    turnstile.leave()
    assert list(turnstile.enter(never_stop)) == []


def test_threads_never_overlap() -> None:
    turnstile, inside, overlaps = Turnstile(), [0], []

    def work() -> None:
        for _ in turnstile.enter(never_stop):
            pass
        inside[0] += 1
        overlaps.append(inside[0])
        inside[0] -= 1
        turnstile.leave()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == [1] * 8
