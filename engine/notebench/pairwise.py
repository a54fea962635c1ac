"""Pairwise judging: a judge reads two systems' outputs on each item, in both orders.

After Zheng et al. (2023, "Judging LLM-as-a-Judge"): a system wins an item only where the judge
prefers it in both orders, otherwise the item is a tie. How often the verdict turns with the order,
and how often it goes to the longer text, stands in the report: a judge that reads positions or
lengths is no judge.
"""

import math
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from engine.notebench.report import BenchData, Measure
from engine.notebench.run import Tell, untold
from engine.notebench.samples import BenchItem
from engine.notebench.shares import share
from engine.notebench.significance import LEVEL
from engine.text import count_words
from engine.types import Share, Value

VERSION = 1
Outcome = Literal["win", "tie", "loss"]
"""How the first of two systems did on an item."""


class Judge(Protocol):
    """Whoever says which of two texts answers an item better."""

    @property
    def name(self) -> str:
        """What judges, for signatures: the model and its prompt."""

    def prefers_first(self, item: BenchItem, first: str, second: str) -> float:
        """Return how likely the text shown first is the better one, in [0, 1]."""


class JudgedPair(Value):
    """One item: how likely the first system is better when shown first, and when shown second."""

    id: str
    shown_first: Share
    shown_second: Share
    words: tuple[int, int]

    @property
    def mean(self) -> float:
        """The mean over both orders."""
        return (self.shown_first + self.shown_second) / 2

    @property
    def outcome(self) -> Outcome:
        """A win or a loss where both orders say so."""
        if min(self.shown_first, self.shown_second) > 0.5:
            return "win"
        return "loss" if max(self.shown_first, self.shown_second) < 0.5 else "tie"


class PositionBias(Value):
    """What the order does. `flips`: share of items whose verdict turns with it.

    `first`: share of all verdicts for the text shown first; .5 is none too many.
    """

    flips: Measure | None
    first: Measure | None


class LengthBias(Value):
    """What the length does. `longer`: share of the verdicts that go to the longer text.

    `correlation` (Pearson) is between the log of the length ratio and the mean over both orders.
    Authors may well be better served by longer texts: this is a warning, not a proof.
    """

    longer: Measure | None
    correlation: float | None


class PairwiseReport(Value):
    """What a judge says of two systems; wins and losses are those of the first."""

    first: str
    second: str
    signature: str
    data: BenchData
    wins: int
    ties: int
    losses: int
    win_rate: Measure
    position: PositionBias
    length: LengthBias
    items: tuple[JudgedPair, ...]

    @property
    def shown(self) -> bool:
        """Whether either system is shown to be preferred."""
        return not self.win_rate.low <= 0.5 <= self.win_rate.high


def judge_pairs(
    judge: Judge,
    items: Sequence[BenchItem],
    texts: tuple[Sequence[str], Sequence[str]],
    *,
    tell: Tell = untold,
) -> tuple[JudgedPair, ...]:
    """Ask about every item in both orders; equal texts are a tie, and nobody is asked.

    Args:
        judge: who is asked. It sees no reference.
        items: what was to be written.
        texts: what the two systems wrote, in the order of the items.
        tell: told after each item how many are done, of how many.
    """
    found = []
    for number, (item, one, two) in enumerate(zip(items, *texts, strict=True), 1):
        found.append(_judged(judge, item.model_copy(update={"reference": ()}), one, two))
        tell(number, len(items))
    return tuple(found)


def _judged(judge: Judge, item: BenchItem, one: str, two: str) -> JudgedPair:
    same = one.strip() == two.strip()
    return JudgedPair(
        id=item.id,
        shown_first=0.5 if same else judge.prefers_first(item, one, two),
        shown_second=0.5 if same else 1 - judge.prefers_first(item, two, one),
        words=(count_words(one, item.language), count_words(two, item.language)),
    )


def pairwise_report(
    systems: tuple[str, str], judge: str, data: BenchData, pairs: Sequence[JudgedPair]
) -> PairwiseReport:
    """Sum up the verdicts on two systems; a tie is half a win. Intervals are over the items.

    Raises:
        ValueError: there are none.
    """
    outcomes = [pair.outcome for pair in pairs]
    points = {"win": 1.0, "tie": 0.5, "loss": 0.0}
    rate = _measure([(points[outcome], 1.0) for outcome in outcomes])
    if rate is None:
        raise ValueError("there is nothing to sum up")
    return PairwiseReport(
        first=systems[0],
        second=systems[1],
        signature=(
            f"notebench-judge/{VERSION} orders=2 win=both-orders bootstrap=bayesian,{LEVEL} "
            f"data={data.sha256[:12]} n={len(pairs)} judge=[{judge}]"
        ),
        data=data,
        wins=outcomes.count("win"),
        ties=outcomes.count("tie"),
        losses=outcomes.count("loss"),
        win_rate=rate,
        position=_position(pairs),
        length=_length(pairs),
        items=tuple(pairs),
    )


def _position(pairs: Sequence[JudgedPair]) -> PositionBias:
    """Count over the items with a verdict in both orders (an even chance is none)."""
    both = [(p.shown_first, p.shown_second) for p in pairs]
    both = [orders for orders in both if 0.5 not in orders]
    firsts = [(a > 0.5) + (b < 0.5) for a, b in both]  # verdicts for the text shown first
    return PositionBias(
        flips=_measure([(float(first != 1), 1.0) for first in firsts]),
        first=_measure([(float(first), 2.0) for first in firsts]),
    )


def _length(pairs: Sequence[JudgedPair]) -> LengthBias:
    decided = [p for p in pairs if p.outcome != "tie" and p.words[0] != p.words[1]]
    longer = [float((p.outcome == "win") == (p.words[0] > p.words[1])) for p in decided]
    ratios = [math.log((p.words[0] + 1) / (p.words[1] + 1)) for p in pairs]
    return LengthBias(
        longer=_measure([(each, 1.0) for each in longer]),
        correlation=_correlation(ratios, [p.mean for p in pairs]),
    )


def _measure(parts: Sequence[tuple[float, float]]) -> Measure | None:
    if not parts:
        return None
    found = share(parts)
    return Measure(value=found.value, low=found.low, high=found.high, n=len(parts))


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's r; None where either does not vary."""
    if len(first) < 3 or len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return float(np.corrcoef(first, second)[0, 1])
