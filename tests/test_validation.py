"""The figures that docs/METRICS.md publishes are reckoned right."""

import pytest

from engine.models.scripted import ScriptedModel
from engine.scoring.traits import measure_of
from scripts.validation import critic, measures
from scripts.validation.baselines import CharacterGrams, names_found, words_found


def test_auc_is_the_share_of_pairs_in_order_and_lies_in_its_interval() -> None:
    found = measures.auc([3, 2, 2], [1, 2])
    assert found.value == pytest.approx((6 - 2 * 0.5) / 6)
    assert found.low <= found.value <= found.high
    assert measures.auc([3, 2, 2], [1, 2]) == found


def test_ties_count_half_and_thresholds_are_searched() -> None:
    assert measures.won([1, 2, 0], [0, 2, 1]).value == pytest.approx(0.5)
    least = measures.best_threshold([0.4, 0.9], [0.1, 0.3])
    assert measures.balanced([0.4, 0.9], [0.1, 0.3], least).value == 1.0
    assert measures.balanced([0.4, 0.9], [0.1, 0.3], 0.5).value == 0.75


def test_rank_correlation_is_spearmans() -> None:
    assert measures.spearman([1, 2, 3, 4], [10, 20, 30, 400]).value == pytest.approx(1.0)
    assert measures.spearman([1, 2, 3], [3, 2, 1]).value == pytest.approx(-1.0)


def test_more_rows_make_a_narrower_interval() -> None:
    few, many = (measures.mean([0.0, 1.0] * n) for n in (20, 500))
    assert few.high - few.low > 3 * (many.high - many.low)


def test_a_critic_that_always_says_one_turns_in_every_pair() -> None:
    measure = measure_of("fewer words")
    assert measure is not None
    pairs = critic.counted("fewer words")
    assert len(pairs) == critic.PAIRS
    assert all(measure.amount(p.more, "en") > measure.amount(p.less, "en") for p in pairs)
    row = critic.asked(ScriptedModel(choices=(0.9, 0.1)), "fewer words", pairs)
    assert row[1:5] == (24, 24, "1.00", "0 of 0")


def test_the_baselines_are_what_their_names_say() -> None:
    grams = CharacterGrams(["the cat sat", "the cat ran", "a dog!"])
    assert grams.closeness("the cat sat", ["the cat sat"]) == pytest.approx(1.0)
    assert grams.closeness("the cat sat", ["the cat ran"]) > grams.closeness(
        "a dog!", ["the cat ran"]
    )
    assert words_found("The cat ran off.", "A cat ran.") == 0.5
    assert names_found("We saw Mo and Ann at 9.", "Ann came at 9.") == pytest.approx(2 / 3)
