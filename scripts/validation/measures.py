"""Accuracy, AUC and rank correlation with intervals, and the tables that show them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating[Any]]
ROUNDS = 1000
SEED = 20


class Estimate(NamedTuple):
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the figure as the tables show it."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


class Table(NamedTuple):
    """Figures under a heading, with a sentence on what was measured."""

    title: str
    said: str
    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def markdown(self) -> str:
        """Return the table in Markdown."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        told = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
        return f"**{self.title}.** {self.said}\n\n{told}\n"


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean; rows are drawn again."""
    array = np.array(values, dtype=float)
    draw = np.random.default_rng(SEED)
    means = array[draw.integers(len(array), size=(ROUNDS, len(array)))].mean(axis=1)
    return _estimate(float(array.mean()), means)


def won(own: Sequence[float], other: Sequence[float]) -> Estimate:
    """Return how often the first of two is the higher one; a tie counts half."""
    return mean([(a > b) + 0.5 * (a == b) for a, b in zip(own, other, strict=True)])


def auc(positives: Sequence[float], negatives: Sequence[float]) -> Estimate:
    """Return P(a positive scores above a negative), ties half; both sides are drawn again."""
    high, low = np.array(positives, dtype=float), np.array(negatives, dtype=float)
    draw = np.random.default_rng(SEED)
    found = [_auc(draw.choice(high, len(high)), draw.choice(low, len(low))) for _ in range(ROUNDS)]
    return _estimate(_auc(high, low), np.array(found))


def _auc(positives: Reals, negatives: Reals) -> float:
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left")
    up_to = np.searchsorted(ordered, positives, "right")
    return float((below + up_to).mean() / (2 * len(ordered)))


def balanced(positives: Sequence[float], negatives: Sequence[float], least: float) -> Estimate:
    """Return the mean of the shares found on either side of a threshold."""
    high, low = np.array(positives) >= least, np.array(negatives) < least
    draw = np.random.default_rng(SEED)
    found = [
        (draw.choice(high, len(high)).mean() + draw.choice(low, len(low)).mean()) / 2
        for _ in range(ROUNDS)
    ]
    return _estimate(float(high.mean() + low.mean()) / 2, np.array(found))


def best_threshold(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the threshold whose balanced accuracy is highest."""
    high, low = np.array(positives), np.array(negatives)
    tried = np.unique([*positives, *negatives])
    return float(max(tried, key=lambda t: (high >= t).mean() + (low < t).mean()))


def spearman(one: Sequence[float], other: Sequence[float]) -> Estimate:
    """Return the rank correlation; rows are drawn again."""
    first, second = np.array(one, dtype=float), np.array(other, dtype=float)
    draw = np.random.default_rng(SEED)
    rows = [draw.integers(len(first), size=len(first)) for _ in range(ROUNDS)]
    return _estimate(
        _spearman(first, second), np.array([_spearman(first[i], second[i]) for i in rows])
    )


def _spearman(one: Reals, other: Reals) -> float:
    first, second = (ranks - ranks.mean() for ranks in (_ranks(one), _ranks(other)))
    length = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / length if length else 0.0


def _ranks(values: Reals) -> Reals:
    ordered = np.sort(values)
    left, right = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return (left + right) / 2


def quartiles(values: Sequence[float]) -> str:
    """Return the quartiles as the tables show them."""
    return " / ".join(f"{q:.2f}" for q in np.quantile(np.array(values), (0.25, 0.5, 0.75)))


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return what some work costs by a clock, in seconds."""
    started = clock()
    work()
    return clock() - started


def _estimate(value: float, again: Reals) -> Estimate:
    low, high = np.quantile(again, (0.025, 0.975))
    return Estimate(value, float(low), float(high))
