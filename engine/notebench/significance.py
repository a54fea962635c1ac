"""Is a difference more than luck? Paired bootstrap and Holm's correction.

Koehn (2004) for the paired bootstrap over items; Holm (1979) for many comparisons at once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1_000
LEVEL = 0.95
ALPHA = 0.05  # a corrected p from here on shows no difference


class Interval(NamedTuple):
    """A value with the bounds of its interval at LEVEL."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """How much higher the second of two is, its interval, and how likely luck alone does that."""

    value: float
    low: float
    high: float
    p: float


Combine = Callable[[Sequence[float], int], float]
"""Makes a measure from the sums of its parts and the number of items."""


def interval(parts: Sequence[Sequence[float]], combine: Combine, *, seed: int = 0) -> Interval:
    """Return a measure of items with its bootstrap interval; `parts` has a row for each item."""
    rows = np.asarray(parts, dtype=float)
    taken = _resampled(rows, combine, seed)
    low, high = np.quantile(taken, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(combine(rows.sum(axis=0), len(rows)), float(low), float(high))


def difference(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    combine: Combine,
    *,
    seed: int = 0,
) -> Difference:
    """Return how much higher `second` is on the same items (two-sided p).

    Raises:
        ValueError: the two do not have the same number of items.
    """
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(one) != len(two):
        raise ValueError("the two systems must have answered the same items")
    apart = _resampled(two, combine, seed) - _resampled(one, combine, seed)
    low, high = np.quantile(apart, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tail = min(np.sum(apart <= 0), np.sum(apart >= 0))
    value = combine(two.sum(axis=0), len(two)) - combine(one.sum(axis=0), len(one))
    chance = min(1.0, 2 * (float(tail) + 1) / (RESAMPLES + 1))
    return Difference(value, float(low), float(high), chance)


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Return p-values corrected for how many comparisons were made, in the order given."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
        corrected[place] = highest
    return tuple(corrected)


def _resampled(rows: Floats, combine: Combine, seed: int) -> Floats:
    """Return the measure of each resample: shape (RESAMPLES,). One seed draws the same items."""
    draws = np.random.default_rng(seed).integers(len(rows), size=(RESAMPLES, len(rows)))
    return np.array([combine(rows[drawn].sum(axis=0), len(rows)) for drawn in draws])
