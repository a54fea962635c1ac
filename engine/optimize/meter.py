"""Counts what a search spends: every call is made once, kept in the ledger, and paid for once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import stdev

from engine.errors import Stopped
from engine.optimize.reward import Reward
from engine.optimize.types import Ledger, Outcome, SearchCase
from engine.prompts.recipe import PromptRecipe
from engine.protocols import StopCheck, never_stop


class Spent(Exception):
    """The budget does not allow what was asked; `end` says which limit it is."""

    def __init__(self, end: str) -> None:
        """Keep the limit."""
        super().__init__(end)
        self.end = end


@dataclass
class Meter:
    """Makes the calls of one search.

    A search is a function of what its calls gave: asked again with the same ledger it takes the
    same way, without a call, up to where it was killed. So seconds are counted from what the calls
    took, not by a clock.
    """

    reward: Reward
    ledger: Ledger
    budget: int
    seconds: float
    should_stop: StopCheck = never_stop
    calls: int = 0
    spent: float = 0.0
    _paid: dict[str, Outcome] = field(default_factory=dict)

    def outcomes(
        self, recipe: PromptRecipe, cases: Sequence[SearchCase], *, reserve: float = 0.0
    ) -> list[Outcome]:
        """Return what a prompt gives on cases.

        Args:
            recipe: the prompt.
            cases: what to write.
            reserve: the share of the budget, and of the time, that is kept for later.

        Raises:
            Spent: it would take more than is left.
            Stopped: the person cancelled.
        """
        keys = [call_key(recipe, case) for case in cases]
        self.check(sum(key not in self._paid for key in keys), reserve=reserve)
        return [
            self.call(key, lambda case=case: self.reward(recipe, case))  # type: ignore[misc]
            for key, case in zip(keys, cases, strict=True)
        ]

    def check(self, calls: int, *, reserve: float = 0.0) -> None:
        """Raise Spent where so many calls more are not in the budget."""
        if self.calls + calls > self.budget * (1 - reserve):
            raise Spent("budget")
        if calls and self.spent >= self.seconds * (1 - reserve):
            raise Spent("time")

    def call(self, key: str, make: Callable[[], Outcome]) -> Outcome:
        """Return what a call gives: from the ledger where it was made before."""
        if key in self._paid:
            return self._paid[key]
        if self.should_stop():
            raise Stopped("Stopped.")
        found = self.ledger.get(key)
        if found is None:
            found = make()
            self.ledger.put(key, found)
        self._paid[key] = found
        self.calls += 1
        self.spent += found.seconds
        return found


def call_key(recipe: PromptRecipe, case: SearchCase) -> str:
    """Return under what a call is kept: the prompt and the case."""
    return f"{recipe.digest()[:24]}:{case.id}"


def mean(outcomes: Sequence[Outcome]) -> float:
    """Return the mean reward."""
    return sum(one.reward for one in outcomes) / len(outcomes)


def surpasses(outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> bool:
    """Tell whether a prompt earned more than another on the same cases, by more than luck may do.

    The mean difference must be above its standard error (the one-standard-error rule of Breiman et
    al. 1984): the best of several is often just the luckiest, and on a few cases it is so mostly.
    """
    rises = [one.reward - other.reward for one, other in zip(outcomes, others, strict=True)]
    error = stdev(rises) / math.sqrt(len(rises)) if len(rises) > 1 else 0.0
    return sum(rises) / len(rises) > error


@dataclass
class MemoryLedger:
    """A ledger that forgets with the process."""

    kept: dict[str, Outcome] = field(default_factory=dict)

    def get(self, key: str) -> Outcome | None:
        """Return what a call gave, if it was made."""
        return self.kept.get(key)

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep what a call gave."""
        self.kept[key] = outcome
