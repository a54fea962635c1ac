"""Dunning's log-likelihood ratio: how surprising a count is against a reference."""

import math

# From these on, one time in twenty and one in a hundred would chance alone do it (χ², 1 degree).
LIKELY, SURE = 3.84, 6.63


def log_likelihood(count: float, total: float, usual: float, usual_total: float) -> float:
    """Return G² of `count` in `total` against `usual` in `usual_total`, signed.

    Negative where the share is smaller than the reference's; 0 where either total is.
    """
    if total <= 0 or usual_total <= 0:
        return 0.0
    shared = (count + usual) / (total + usual_total)
    gain = sum(
        _binomial(k, n, k / n) - _binomial(k, n, shared)
        for k, n in ((count, total), (usual, usual_total))
    )
    sign = 1 if count / total >= usual / usual_total else -1
    return sign * 2 * max(0.0, gain)


def _binomial(count: float, total: float, share: float) -> float:
    """Return the logarithm of the likelihood of `count` in `total` at a share, less a constant."""
    hit = count * math.log(share) if count else 0.0
    miss = (total - count) * math.log(1 - share) if total > count else 0.0
    return hit + miss
