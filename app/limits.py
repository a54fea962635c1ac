"""How much one visitor may ask for: notes within an hour, and notes at the same time.

One page serves many people on one processor. A visitor who asks for too much hears when to come
again; what they typed stays. The plan of a note and the drafts made from it count as one.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from engine.errors import NotewrightError
from engine.events import Event, NoteReady, PlanReady

_HOUR = 3_600.0


class LimitReached(NotewrightError):
    """A visitor asked for more than their share; the message says when to try again."""


class Limits:
    """Counts what each owner has begun within the last hour (a sliding window).

    Args:
        notes: how many notes an owner may begin in an hour; 0 sets no limit.
        at_once: how many may be written or wait at the same time; 0 sets no limit.
        clock: seconds that never go back.
    """

    def __init__(
        self, *, notes: int = 0, at_once: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nobody counted."""
        self._notes, self._at_once, self._clock = notes, at_once, clock
        self._lock = threading.Lock()
        self._begun: dict[str, deque[float]] = {}
        self._running: dict[str, int] = {}
        self._planned: set[str] = set()

    def plan(self, owner: str, events: Iterator[Event]) -> Iterator[Event]:
        """Pass on the events of a plan, or of a whole note: a new note is begun.

        Raises:
            LimitReached: before the first event.
        """
        return self._run(owner, events, new=True)

    def draft(self, owner: str, events: Iterator[Event]) -> Iterator[Event]:
        """Pass on the events of drafts: they belong to the owner's last plan, or count anew.

        Raises:
            LimitReached: before the first event.
        """
        return self._run(owner, events, new=False)

    @property
    def counts(self) -> bool:
        """Whether visitors have a share at all."""
        return bool(self._notes)

    def take(self, owner: str, notes: int) -> None:
        """Count notes that something else than the Write tab begins, such as a benchmark.

        Raises:
            LimitReached: they are more than the owner has left; none is counted then.
        """
        if not self._notes:
            return
        with self._lock:
            now = self._clock()
            self._forget(now - _HOUR)
            left = self._notes - len(self._begun.get(owner, ()))
            if notes > left:
                raise LimitReached(
                    f"This counts as {notes} notes; one visitor may begin {self._notes} within an "
                    f"hour here, and you have {left} left. Choose fewer items or systems, or try "
                    "again later."
                )
            self._begun.setdefault(owner, deque()).extend([now] * notes)

    def _run(self, owner: str, events: Iterator[Event], *, new: bool) -> Iterator[Event]:
        self._enter(owner, new=new)
        try:
            for event in events:
                if isinstance(event, PlanReady) and self._notes:
                    self._planned.add(owner)
                elif isinstance(event, NoteReady):
                    self._planned.discard(owner)
                yield event
        finally:
            self._leave(owner)

    def _enter(self, owner: str, *, new: bool) -> None:
        with self._lock:
            running = self._running.get(owner, 0)
            if self._at_once and running >= self._at_once:
                raise LimitReached(
                    f"{running} notes of yours are being written or wait already; "
                    "try again when one of them is done. What you typed is kept."
                )
            if new or owner not in self._planned:
                self._count(owner)
            self._planned.discard(owner)
            self._running[owner] = running + 1

    def _count(self, owner: str) -> None:
        if not self._notes:
            return
        now = self._clock()
        self._forget(now - _HOUR)
        begun = self._begun.setdefault(owner, deque())
        if len(begun) >= self._notes:
            minutes = max(2, math.ceil((begun[0] + _HOUR - now) / 60))
            raise LimitReached(
                f"You have begun {self._notes} notes within an hour, as many as one visitor may "
                f"here; try again in {minutes} minutes. What you typed is kept."
            )
        begun.append(now)

    def _forget(self, before: float) -> None:
        """Drop what is older than an hour, and with it everybody who has gone."""
        for owner, begun in list(self._begun.items()):
            while begun and begun[0] <= before:
                begun.popleft()
            if not begun:
                del self._begun[owner]
        self._planned &= self._begun.keys()

    def _leave(self, owner: str) -> None:
        with self._lock:
            self._running[owner] -= 1
            if not self._running[owner]:
                del self._running[owner]
