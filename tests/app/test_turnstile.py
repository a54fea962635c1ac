"""One at a time, first come first served, and everybody sees their place."""

import threading

import pytest

from app.turnstile import Turnstile
from engine.errors import Stopped
from engine.protocols import StopCheck, never_stop


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


def test_background_work_lets_people_go_first_and_keeps_out_of_the_middle_of_a_note() -> None:
    turnstile, order = Turnstile(), list[str]()
    list(turnstile.enter(never_stop))
    behind = threading.Thread(
        target=lambda: turnstile.in_background(lambda _: order.append("bench"), never_stop)
    )
    behind.start()
    order.append("plan")
    turnstile.leave()
    list(turnstile.enter(never_stop))
    order.append("drafts")
    turnstile.leave()
    behind.join(timeout=10)
    assert order == ["plan", "drafts", "bench"]


class Piece:
    """A piece of background work that takes for ever, unless it is asked to unwind or released."""

    def __init__(self) -> None:
        """Begin untried."""
        self.began, self.release, self.times = threading.Event(), threading.Event(), 0

    def __call__(self, should_stop: StopCheck) -> str:
        self.times += 1
        self.began.set()
        while not self.release.wait(0.01):
            if should_stop():
                raise Stopped("Stopped.")
        return "done"


def test_a_piece_of_background_work_makes_room_and_begins_again() -> None:
    turnstile, piece, told = Turnstile(), Piece(), list[str]()
    behind = threading.Thread(
        target=lambda: told.append(turnstile.in_background(piece, never_stop))
    )
    behind.start()
    assert piece.began.wait(10)
    list(turnstile.enter(never_stop))  # returns, so the piece has unwound
    assert told == []
    piece.release.set()
    turnstile.leave()
    behind.join(timeout=10)
    assert (told, piece.times) == (["done"], 2)


def test_background_work_insists_when_it_made_room_twice() -> None:
    turnstile, piece = Turnstile(), Piece()
    behind = threading.Thread(target=lambda: turnstile.in_background(piece, never_stop))
    behind.start()
    for _ in range(2):
        assert piece.began.wait(10)
        piece.began.clear()
        list(turnstile.enter(never_stop))
        turnstile.leave()
    assert piece.began.wait(10)
    third = turnstile.enter(never_stop)
    assert next(third).ahead == 1
    assert behind.is_alive()
    piece.release.set()
    list(third)
    turnstile.leave()
    behind.join(timeout=10)
    assert piece.times == 3


def test_background_work_that_waits_can_be_stopped() -> None:
    turnstile = Turnstile()
    list(turnstile.enter(never_stop))
    with pytest.raises(Stopped):
        turnstile.in_background(lambda _: None, lambda: True)
    turnstile.leave()
