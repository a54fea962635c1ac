"""Shares with intervals over items, which stay honest where items are few or all agree.

The ordinary bootstrap of three items that agree gives an interval of no width. Here the items are
weighed at random instead of drawn (the Bayesian bootstrap, Rubin 1981), together with two made-up
items, one for and one against. For one vote an item this is the interval of the Beta distribution
with one success and one failure added: after 3 of 3 it begins at .40.
"""

from collections.abc import Sequence

import numpy as np

from engine.notebench.significance import LEVEL, RESAMPLES, Floats, Interval

BOUNDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


def weighings(items: int, *, seed: int = 0) -> Floats:
    """Return random weights of items, shape (RESAMPLES, items): 1 on average, never 0."""
    return np.random.default_rng(seed).standard_exponential((RESAMPLES, items))


def share(parts: Sequence[tuple[float, float]], *, seed: int = 0) -> Interval:
    """Return a share with its interval; each item's part is (for, of), several votes or one.

    Raises:
        ValueError: there is nothing to take a share of.
    """
    rows = np.asarray(parts, dtype=float).reshape(-1, 2)
    total = rows[:, 1].sum()
    if not total > 0:
        raise ValueError("a share needs at least one vote")
    padded = np.vstack([rows, [[1, 1], [0, 1]]])
    sums = weighings(len(padded), seed=seed) @ padded
    low, high = np.quantile(sums[:, 0] / sums[:, 1], BOUNDS)
    value = float(rows[:, 0].sum() / total)
    return Interval(value, min(float(low), value), max(float(high), value))
