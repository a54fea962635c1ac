"""One generation at a time, first come first served, and everybody sees how many are before them.

Two generations on the same cores do not share them fairly (each can fall to a tenth of its speed),
so they queue here, before any lock of a model is tried.
"""

import threading
from collections import deque
from collections.abc import Iterator

from engine.errors import Stopped
from engine.events import Waiting
from engine.protocols import StopCheck

_POLL_SECONDS = 0.2


class Turnstile:
    """A fair lock whose waiters are told their place. Use: `yield from enter(stop)`, then leave."""

    def __init__(self) -> None:
        """Open, with nobody waiting."""
        self._turn = threading.Condition()
        self._tickets: deque[object] = deque()

    def enter(self, should_stop: StopCheck) -> Iterator[Waiting]:
        """Yield the number of people ahead each time it changes; return when it is our turn.

        Raises:
            Stopped: the person gave up while waiting.
        """
        ticket = object()
        with self._turn:
            self._tickets.append(ticket)
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
            self._tickets.popleft()
            self._turn.notify_all()

    def _remove(self, ticket: object) -> None:
        with self._turn:
            self._tickets.remove(ticket)
            self._turn.notify_all()
