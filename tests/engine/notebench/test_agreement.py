"""Agreement between raters against values of the literature, and trust against made-up raters."""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.notebench.agreement import agreeing, cohen_kappa, krippendorff_alpha, trust

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": his worked examples.
BINARY = ("0100000010", "1110010000")
TWO = ("aabbdcccedda", "babbbccceddd")
MATRIX = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def units(rows: Sequence[Sequence[object]]) -> list[list[str]]:
    """Return what each thing was labelled by those who labelled it."""
    return [[str(x) for x in column if x is not None] for column in zip(*rows, strict=True)]


def test_alpha_is_krippendorffs_for_two_raters_and_two_labels() -> None:
    assert krippendorff_alpha(units(BINARY)) == pytest.approx(0.095, abs=5e-4)


def test_alpha_is_krippendorffs_for_two_raters_and_five_labels() -> None:
    assert krippendorff_alpha(units(TWO)) == pytest.approx(0.692, abs=5e-4)


def test_alpha_is_krippendorffs_for_four_raters_with_gaps() -> None:
    assert krippendorff_alpha(units(MATRIX)) == pytest.approx(0.743, abs=5e-4)


def test_kappa_is_that_of_the_textbook_table() -> None:
    """Two readers of fifty grant proposals: 20 both yes, 15 both no, 5 and 10 apart; kappa .40."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_agreement_by_chance_alone_is_nothing() -> None:
    assert cohen_kappa(["a", "a", "b", "b"], ["a", "b", "a", "b"]) == pytest.approx(0)
    assert cohen_kappa(["a", "a"], ["a", "a"]) is None
    assert cohen_kappa([], []) is None
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) is None
    assert krippendorff_alpha([["a"], ["b"]]) is None
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == 1


def test_pairs_of_raters_that_agree_are_counted() -> None:
    assert agreeing([["a", "a", "b"], ["a"], ["b", "b"]]) == [(1, 3), (1, 1)]


# ------------------------------------------------------------------ trust


def made_up(accuracies: Sequence[float], things: int) -> dict[str, dict[str, str]]:
    """Return labels of raters who are right so often."""
    kinds, lots = ("first", "second", "tie"), np.random.default_rng(11)
    labels: dict[str, dict[str, str]] = {}
    for thing in range(things):
        right = int(lots.integers(3))
        labels[str(thing)] = {
            f"r{number}": kinds[
                right if lots.random() < accuracy else (right + lots.integers(1, 3)) % 3
            ]
            for number, accuracy in enumerate(accuracies)
        }
    return labels


def test_how_often_raters_are_right_is_found_without_being_told() -> None:
    accuracies = (0.9, 0.75, 0.6, 1 / 3)

    found = trust(made_up(accuracies, 2_000), ("first", "second", "tie"))

    assert [row.accuracy for row in found] == pytest.approx(accuracies, abs=0.05)
    assert found[0].weight == 1
    assert found[3].weight < 0.1
    assert [row.shared for row in found] == [2_000] * 4


def test_nobody_is_trusted_on_their_own_word() -> None:
    alone = {str(thing): {"loud": "first"} for thing in range(500)}
    two = {"x": {"a": "first", "b": "first"}}

    found = {row.rater: row for row in trust(alone | two, ("first", "second", "tie"))}

    assert found["loud"].accuracy == pytest.approx(2 / 3)
    assert found["loud"].shared == 0
    assert found["loud"].weight < found["a"].weight == found["b"].weight == 1


def test_two_who_disagree_are_trusted_alike() -> None:
    labels = {str(n): {"a": "first", "b": "first" if n % 2 else "second"} for n in range(20)}

    one, two = trust(labels, ("first", "second", "tie"))

    assert one.weight == two.weight
    assert trust({}, ("first", "second")) == ()
