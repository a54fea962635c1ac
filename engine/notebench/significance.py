"""Is a difference more than luck? Paired bootstrap and Holm's correction.

Koehn (2004) for the paired bootstrap over items; Holm (1979) for many comparisons at once.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
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
    taken = _resampled(rows, combine, seed, RESAMPLES)
    low, high = np.quantile(taken, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(combine(rows.sum(axis=0), len(rows)), float(low), float(high))


def difference(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    combine: Combine,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Difference:
    """Return how much higher `second` is on the same items (two-sided p).

    A bootstrap of few items says too much: of one item, every resample is the same. So p is never
    less than `least_chance`.

    Raises:
        ValueError: the two do not have the same number of items.
    """
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(one) != len(two):
        raise ValueError("the two systems must have answered the same items")
    apart = _resampled(two, combine, seed, resamples) - _resampled(one, combine, seed, resamples)
    low, high = np.quantile(apart, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tail = min(np.sum(apart <= 0), np.sum(apart >= 0))
    value = combine(two.sum(axis=0), len(two)) - combine(one.sum(axis=0), len(one))
    chance = min(1.0, 2 * (float(tail) + 1) / (resamples + 1))
    return Difference(value, float(low), float(high), max(chance, least_chance(len(one))))


def least_chance(count: int) -> float:
    """Return the least p that so many pairs can give in an exact sign-flip test (Fisher 1935)."""
    return 2.0 ** (1 - count)


def resamples_for(comparisons: int) -> int:
    """Return how many resamples let a p survive Holm's correction over so many comparisons.

    The least p of a bootstrap is 2 / (resamples + 1); times the comparisons it must stay below
    ALPHA, or nothing could ever be shown.
    """
    return max(RESAMPLES, math.ceil(4 * comparisons / ALPHA))


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Return p-values corrected for how many comparisons were made, in the order given."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
        corrected[place] = highest
    return tuple(corrected)


def _resampled(rows: Floats, combine: Combine, seed: int, resamples: int) -> Floats:
    """Return the measure of each resample. One seed draws the same items for every system."""
    sums = _draws(len(rows), seed, resamples) @ rows
    return np.array([combine(each, len(rows)) for each in sums])


@lru_cache(maxsize=4)
def _draws(count: int, seed: int, resamples: int) -> Floats:
    """Return how often each resample holds each item: shape (resamples, count)."""
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    places = drawn + count * np.arange(resamples)[:, None]
    held = np.bincount(places.ravel(), minlength=resamples * count)
    return held.reshape(resamples, count).astype(float)
