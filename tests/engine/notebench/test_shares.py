"""Shares and their intervals, against the Beta distribution."""

import numpy as np
import pytest

from engine.notebench.shares import share


def beta(successes: int, failures: int) -> tuple[float, float]:
    """Return the 95 % interval of Beta(successes + 1, failures + 1), drawn by numpy."""
    drawn = np.random.default_rng(7).beta(successes + 1, failures + 1, 400_000)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


@pytest.mark.parametrize(("successes", "failures"), [(1, 0), (3, 0), (7, 3), (20, 20), (0, 9)])
def test_the_interval_is_that_of_the_beta_distribution(successes: int, failures: int) -> None:
    found = share([(1.0, 1.0)] * successes + [(0.0, 1.0)] * failures)
    low, high = beta(successes, failures)

    assert found.value == successes / (successes + failures)
    assert found.low == pytest.approx(min(low, found.value), abs=0.03)
    assert found.high == pytest.approx(max(high, found.value), abs=0.03)


def test_one_vote_proves_nothing_and_ten_alike_do() -> None:
    assert share([(1, 1)]).low < 0.5
    assert share([(1, 1)] * 10).low > 0.6


def test_votes_on_one_item_weigh_together() -> None:
    """Thirty votes on three items are far from thirty items."""
    few = share([(10, 10), (10, 10), (0, 10)])
    many = share([(1, 1)] * 20 + [(0, 1)] * 10)

    assert few.value == many.value == pytest.approx(2 / 3)
    assert few.high - few.low > 2 * (many.high - many.low)


def test_there_is_no_share_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one vote"):
        share([])
