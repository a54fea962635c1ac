"""What earlier searches say a strategy is worth: the prior of the next one.

A gain counts whole where it was made on the same kind of profile, a third elsewhere, and never for
another kind of prompt. One pseudo-observation of no gain keeps a single lucky try from ruling.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.optimize.types import Gain, Way

Steps: TypeAlias = tuple[str, ...]

_ELSEWHERE = 1 / 3  # what a gain on another kind of profile counts
_NOTHING = 1.0  # weight of the pseudo-observation "no gain"
_CURIOSITY = 0.02  # how much reward an untried strategy is given on trust
_MOST_TRUSTED = 4.0  # past gains count as so many tries at most: a new writer may be different
_PATHS = 2


@dataclass
class Beliefs:
    """Expected gains of strategies: the memory's, then what this search sees."""

    way: Way
    kind: str
    _weight: dict[Steps, float] = field(default_factory=dict)
    _sum: dict[Steps, float] = field(default_factory=dict)
    _tried: Counter[Steps] = field(default_factory=Counter)

    def remember(self, gains: Iterable[Gain]) -> None:
        """Take the memory in."""
        weight: Counter[Steps] = Counter()
        total: dict[Steps, float] = {}
        for one in gains:
            if one.way == self.way:
                share = 1.0 if one.kind == self.kind else _ELSEWHERE
                weight[one.steps] += share  # type: ignore[assignment]
                total[one.steps] = total.get(one.steps, 0.0) + share * one.gain
        for steps, much in weight.items():
            kept = min(1.0, _MOST_TRUSTED / much)
            self._weight[steps], self._sum[steps] = much * kept, total[steps] * kept

    def paths(self) -> list[Steps]:
        """Return the best known paths of several strategies, each to be tried at one go."""
        known = [s for s in self._weight if len(s) > 1 and self.expected(s) > 0]
        return sorted(known, key=lambda s: (-self.expected(s), s))[:_PATHS]

    def see(self, steps: Steps, gain: float) -> None:
        """Take in what a strategy gained in this search."""
        self._tried[steps] += 1
        self._weight[steps] = self._weight.get(steps, 0.0) + 1
        self._sum[steps] = self._sum.get(steps, 0.0) + gain

    def expected(self, steps: Steps) -> float:
        """Return the gain to be expected of a strategy."""
        return self._sum.get(steps, 0.0) / (self._weight.get(steps, 0.0) + _NOTHING)

    def promise(self, steps: Steps) -> float:
        """Return the expected gain with a bonus for what is little known (UCB1's shape)."""
        tries = sum(self._tried.values())
        seen = 1 + self._weight.get(steps, 0.0)
        return self.expected(steps) + _CURIOSITY * math.sqrt(math.log(2 + tries) / seen)
