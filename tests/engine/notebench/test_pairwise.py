"""Judging in both orders: outcomes, and judges that read positions or lengths."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.notebench.pairwise import PairwiseReport, judge_pairs, pairwise_report
from engine.notebench.report import BenchData
from engine.notebench.samples import BenchItem
from tests.engine.notebench.made import items

DATA = BenchData(path="made up", sha256="0" * 64, n=6)
GOOD = ["good " + "word " * n for n in (3, 9, 4, 8, 5, 7)]
POOR = ["poor " + "word " * n for n in (9, 3, 8, 4, 7, 5)]


@dataclass
class Reader:
    """A judge by rule: the chance that the text shown first is better."""

    of: Callable[[str, str], float]
    name: str = "reader"
    asked: int = 0
    references: tuple[str, ...] = ()

    def prefers_first(self, item: BenchItem, first: str, second: str) -> float:
        """Ask the rule, and remember what could be seen."""
        self.asked += 1
        self.references += item.reference
        return self.of(first, second)


def judged(judge: Reader, one: list[str], two: list[str]) -> PairwiseReport:
    pairs = judge_pairs(judge, items(len(one)), (one, two))
    return pairwise_report(("one", "two"), judge.name, DATA, pairs)


def by_taste(first: str, second: str) -> float:
    return 0.5 + 0.4 * (first.startswith("good") - second.startswith("good"))


def by_position(first: str, second: str) -> float:
    del first, second
    return 0.9


def by_length(first: str, second: str) -> float:
    return 0.5 + (len(first) > len(second)) * 0.3 - (len(first) < len(second)) * 0.3


def test_a_judge_with_taste_is_believed() -> None:
    found = judged(Reader(by_taste), GOOD, POOR)

    assert (found.wins, found.ties, found.losses) == (6, 0, 0)
    assert found.win_rate.value == 1
    assert found.shown
    assert judged(Reader(by_taste), POOR, GOOD).losses == 6


def test_a_judge_of_positions_decides_nothing_and_is_found_out() -> None:
    found = judged(Reader(by_position), GOOD, POOR)

    assert (found.wins, found.ties, found.losses) == (0, 6, 0)
    assert not found.shown
    assert found.position.flips is not None
    assert found.position.first is not None
    assert found.position.flips.value == found.position.first.value == 1


def test_a_judge_without_bias_is_said_to_have_none() -> None:
    found = judged(Reader(by_taste), GOOD, POOR)

    assert found.position.flips is not None
    assert found.position.first is not None
    assert found.length.longer is not None
    assert found.position.flips.value == 0
    assert found.position.first.value == 0.5
    assert found.length.longer.value == 0.5


def test_a_judge_of_lengths_is_found_out() -> None:
    found = judged(Reader(by_length), GOOD, POOR)

    assert (found.wins, found.losses) == (3, 3)
    assert found.length.longer is not None
    assert found.length.longer.value == 1
    assert found.length.correlation is not None
    assert found.length.correlation > 0.9


def test_a_leaning_for_the_first_place_is_measured_over_all_verdicts() -> None:
    """Taste decides two items of three, the place the third: 4 of 6 verdicts are for the first."""
    found = judged(
        Reader(lambda a, b: 0.9 if "same" in a + b else by_taste(a, b)),
        ["good 1", "poor 2", "same 3"], ["poor 1", "good 2", "same 4"],
    )  # fmt: skip

    assert (found.wins, found.ties, found.losses) == (1, 1, 1)
    assert found.position.first is not None
    assert found.position.flips is not None
    assert found.position.first.value == pytest.approx(4 / 6)
    assert found.position.flips.value == pytest.approx(1 / 3)


def test_equal_texts_are_a_tie_without_a_question() -> None:
    judge = Reader(by_position)
    found = judged(judge, ["same "], ["same"])

    assert (found.ties, judge.asked) == (1, 0)
    assert found.position.flips is None
    assert found.length.longer is None
    assert found.length.correlation is None


def test_an_even_chance_is_no_verdict() -> None:
    found = judged(Reader(lambda a, b: 0.5), GOOD, POOR)  # noqa: ARG005  (the rule of a coin)

    assert (found.ties, found.position.flips) == (6, None)


def test_the_judge_sees_no_reference_and_is_asked_twice() -> None:
    judge, told = Reader(by_taste), list[tuple[int, int]]()
    judge_pairs(judge, items(2), (GOOD[:2], POOR[:2]), tell=lambda *at: told.append(at))

    assert (judge.references, judge.asked, told) == ((), 4, [(1, 2), (2, 2)])


def test_the_signature_says_what_the_figures_depend_on() -> None:
    found = judged(Reader(by_taste), GOOD, POOR)

    assert "judge=[reader]" in found.signature
    assert "orders=2" in found.signature
    assert "data=000000000000" in found.signature
    with pytest.raises(ValueError, match="nothing to sum up"):
        pairwise_report(("one", "two"), "reader", DATA, ())
