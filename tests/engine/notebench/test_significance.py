"""The paired bootstrap and Holm's correction."""

import numpy as np
import pytest

from engine.notebench.significance import difference, holm, interval


def mean(sums: object, count: int) -> float:
    return float(np.asarray(sums)[0]) / count


def scores(shift: float, seed: int) -> list[tuple[float]]:
    """Return 80 scores: the same hard and easy items, a little noise, and a shift."""
    hardness = np.random.default_rng(0).normal(50, 10, 80)
    noise = np.random.default_rng(seed).normal(0, 2, 80)
    return [(float(value),) for value in hardness + noise + shift]


def test_a_real_difference_is_found_because_the_items_are_paired() -> None:
    found = difference(scores(0, 1), scores(1.5, 2), mean)

    assert found.p < 0.01
    assert 0 < found.low < found.value < found.high
    # Unpaired, the intervals of the two overlap: the items' own spread hides it.
    assert interval(scores(1.5, 2), mean).low < interval(scores(0, 1), mean).high


def test_equal_systems_do_not_differ() -> None:
    same = scores(0, 1)
    assert difference(same, same, mean).p == 1
    assert difference(same, same, mean).value == 0

    chances = [difference(scores(0, 2 * k), scores(0, 2 * k + 1), mean).p for k in range(40)]
    assert sum(p < 0.05 for p in chances) <= 6


def test_the_order_of_the_two_turns_the_sign_only() -> None:
    one, two = scores(0, 1), scores(1.5, 2)
    there, back = difference(one, two, mean), difference(two, one, mean)

    assert (back.value, back.low, back.high) == pytest.approx(
        (-there.value, -there.high, -there.low)
    )
    assert back.p == there.p


def test_an_interval_holds_its_value_and_repeats() -> None:
    found = interval(scores(0, 1), mean)
    assert found.low < found.value < found.high
    assert found == interval(scores(0, 1), mean)
    # The standard error of a mean, 1.96 times to each side, to a tenth of it.
    spread = np.std([value for (value,) in scores(0, 1)]) / np.sqrt(80)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.1)


def test_systems_must_have_answered_the_same_items() -> None:
    with pytest.raises(ValueError, match="same items"):
        difference([(1.0,)], [(1.0,), (2.0,)], mean)


def test_holm_by_hand() -> None:
    # In order .01 x 4 = .04, .02 x 3 = .06, .03 x 2 = .06, .04 x 1 -> not below the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx((0.06, 0.04, 0.06, 0.06))
    assert holm([0.5, 0.9]) == (1.0, 1.0)
    assert holm([]) == ()
