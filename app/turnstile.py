"""One generation at a time, first come first served, and everybody sees how many are before them.

Two generations on the same cores do not share them fairly (each can fall to a tenth of its speed),
so they queue here, before any lock of a model is tried. Work for which nobody waits at the page
comes in pieces, each when no person writes or waits; a piece makes room for a person who comes,
and begins again after them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from engine.errors import Stopped
from engine.events import Waiting
from engine.protocols import StopCheck

_POLL_SECONDS = 0.2
_QUIET_SECONDS = 1.0  # between the plan and the drafts of a note nothing else may slip in
_GIVES_WAY = 2  # times that a piece of background work begins again before it insists
T = TypeVar("T")


class Turnstile:
    """A fair lock whose waiters are told their place. Use: `yield from enter(stop)`, then leave."""

    def __init__(self, mark: Callable[[bool], None] = lambda _: None) -> None:
        """Open, with nobody waiting; `mark` is told whenever somebody comes, or the last goes."""
        self._mark = mark
        self._turn = threading.Condition()
        self._tickets: deque[object] = deque()
        self._quiet_from = 0.0

    def enter(self, should_stop: StopCheck) -> Iterator[Waiting]:
        """Yield the number of people ahead each time it changes; return when it is our turn.

        Raises:
            Stopped: the person gave up while waiting.
        """
        ticket = object()
        with self._turn:
            self._tickets.append(ticket)
            self._mark(True)
        told, entered = 0, False
        try:
            while not entered:
                with self._turn:
                    ahead = self._tickets.index(ticket)
                    entered = ahead == 0
                    if not entered and ahead == told:
                        self._turn.wait(_POLL_SECONDS)
                if entered:
                    break
                if should_stop():
                    raise Stopped("Stopped while waiting.")
                if ahead != told:
                    told = ahead
                    yield Waiting(ahead=ahead)
        finally:
            if not entered:
                self._remove(ticket)

    def leave(self) -> None:
        """Let the next one in."""
        with self._turn:
            self._quiet_from = time.monotonic() + _QUIET_SECONDS
            self._tickets.popleft()
            self._mark(bool(self._tickets))
            self._turn.notify_all()

    def in_background(self, work: Callable[[StopCheck], T], should_stop: StopCheck) -> T:
        """Do a piece of work when no person writes or waits, and none has for a moment.

        Args:
            work: the piece; its check says when to unwind with Stopped, since a person has come.
                It begins again then, twice at most.
            should_stop: whether the work as a whole is to stop.

        Raises:
            Stopped: `should_stop()` became true.
        """
        for _ in range(_GIVES_WAY):
            with suppress(_MadeRoom):
                return self._piece(work, should_stop, gives_way=True)
        return self._piece(work, should_stop, gives_way=False)

    def _piece(
        self, work: Callable[[StopCheck], T], should_stop: StopCheck, *, gives_way: bool
    ) -> T:
        ticket = object()
        with self._turn:
            while self._tickets or time.monotonic() < self._quiet_from:
                if should_stop():
                    raise Stopped("Stopped while waiting.")
                self._turn.wait(_POLL_SECONDS)
            self._tickets.append(ticket)
            self._mark(True)
        try:
            return work(lambda: should_stop() or (gives_way and len(self._tickets) > 1))
        except Stopped as error:
            if should_stop():
                raise
            raise _MadeRoom from error
        finally:
            self._remove(ticket)

    def _remove(self, ticket: object) -> None:
        with self._turn:
            self._tickets.remove(ticket)
            self._mark(bool(self._tickets))
            self._turn.notify_all()


class _MadeRoom(Exception):
    """A piece of background work unwound for a person."""
