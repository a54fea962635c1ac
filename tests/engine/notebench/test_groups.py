"""Comparisons within languages and voices: found where they are, never in too few items."""

import pytest

from engine.notebench.groups import (
    as_reported,
    compare_by,
    grouped,
    judged,
    measure_by,
)
from engine.notebench.report import compare
from engine.notebench.significance import ALPHA, least_chance, resamples_for
from tests.engine.notebench.made import item, report, scoring

WRONG = "Something else was said, at length and about nothing."
ITEMS = [
    *(item(n, id=f"a{n}", author="Ann") for n in range(16)),
    *(item(n, id=f"b{n}", author="Bea") for n in range(16)),
    *(item(n, id=f"c{n}", author="Cy") for n in range(3)),
]
GOOD = report([each.reference[0] for each in ITEMS], "good", ITEMS)
# Wrong where Ann or Cy is asked for, as good as the other where Bea is.
MIXED = report(
    [each.reference[0] if each.author == "Bea" else WRONG for each in ITEMS], "mixed", ITEMS
)


def test_a_difference_is_shown_for_the_voice_that_has_it_only() -> None:
    rows = {
        (row.group, row.metric): row for row in compare_by(MIXED, GOOD, ITEMS, scoring(), "voice")
    }

    assert rows["Ann", "rouge_l"].shown
    assert rows["Ann", "rouge_l"].difference > 0
    assert rows["Ann", "rouge_l"].n == 16
    assert not rows["Bea", "rouge_l"].shown


def test_three_items_show_nothing_however_different_they_are() -> None:
    rows = [row for row in compare_by(MIXED, GOOD, ITEMS, scoring(), "voice") if row.group == "Cy"]

    assert {row.n for row in rows} == {3}
    assert any(row.low > 0 for row in rows)
    assert not any(row.shown for row in rows)
    assert least_chance(3) == 0.25


def test_every_comparison_counts_in_the_correction_and_something_can_still_be_shown() -> None:
    rows = compare_by(MIXED, GOOD, ITEMS, scoring(), "voice")
    best = min(row.p for row in rows)

    assert best == pytest.approx(len(rows) * 2 / (resamples_for(45) + 1), rel=0.3)
    assert best < ALPHA
    assert all(2 / (resamples_for(many) + 1) * many < ALPHA for many in (1, 15, 45, 672))


def test_groups_come_in_the_order_of_the_items() -> None:
    assert list(grouped(ITEMS, "voice")) == ["Ann", "Bea", "Cy"]
    assert list(grouped([item(0, language="zh"), item(1)], "language")) == ["zh", "en"]


def test_measures_by_voice_are_those_of_its_items() -> None:
    found = measure_by(judged(MIXED, ITEMS, scoring()), "voice")

    assert found["Bea"]["rouge_l"].value == pytest.approx(100)
    assert found["Ann"]["rouge_l"].value < 30
    assert found["Cy"]["rouge_l"].n == 3


def test_scores_as_reported_compare_as_scores_made_anew() -> None:
    known = as_reported([GOOD, MIXED])

    assert compare(MIXED, GOOD, ITEMS, known) == compare(MIXED, GOOD, ITEMS, scoring())


def test_reports_on_different_data_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different data"):
        compare_by(GOOD, report([WRONG], of=ITEMS[:1]), ITEMS, scoring(), "voice")
