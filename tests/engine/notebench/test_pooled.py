"""Figures over seeds: items are the sample, seeds only steady them."""

from collections.abc import Sequence

import pytest

from engine.notebench.metrics import metrics
from engine.notebench.pooled import contrasts, figure, pool
from engine.notebench.report import BenchReport
from tests.engine.notebench.made import REFERENCES, item, report

ITEMS = {each.id: each for each in (item(number) for number in range(12))}
BY_NAME = {metric.name: metric for metric in metrics()}
GOLD = [REFERENCES[number % len(REFERENCES)] for number in range(12)]
CUT = [" ".join(text.split()[:5]) + "." for text in GOLD]


def made(texts: Sequence[str]) -> BenchReport:
    return report(texts, of=list(ITEMS.values()))


@pytest.mark.parametrize("name", ["rouge_l", "bleu4", "fact_recall", "length_ratio"])
def test_one_seed_gives_the_reports_own_figures(name: str) -> None:
    one = made([*GOLD[:6], *CUT[6:]])
    found = figure(pool([one], ITEMS), BY_NAME[name])
    assert found is not None
    told = one.metrics[name]
    assert found == pytest.approx((told.value, told.low, told.high, told.n))


@pytest.mark.parametrize("name", ["rouge_l", "bleu4"])
def test_the_same_outputs_three_times_are_no_more_evidence_than_once(name: str) -> None:
    one = made([*GOLD[:6], *CUT[6:]])
    once, thrice = (figure(pool([one] * n, ITEMS), BY_NAME[name]) for n in (1, 3))
    assert once is not None
    assert thrice == pytest.approx(once)


def test_seeds_are_averaged_item_by_item() -> None:
    good, cut = made(GOLD), made(CUT)
    found = figure(pool([good, cut], ITEMS), BY_NAME["rouge_l"])
    assert found is not None
    both = [good.metrics["rouge_l"].value, cut.metrics["rouge_l"].value]
    assert found.value == pytest.approx(sum(both) / 2)


def test_systems_with_different_numbers_of_seeds_are_compared_on_shared_items() -> None:
    few = report(CUT[:10], of=list(ITEMS.values())[:10])
    pools = {"new": pool([made(GOLD), made(CUT)], ITEMS), "old": pool([few], ITEMS)}
    found = contrasts(pools, [("new", "old"), ("new", "absent")], ["rouge_l", "bleu4"])
    assert [(one.metric, one.n) for one in found] == [("rouge_l", 10), ("bleu4", 10)]
    rouge = found[0]
    assert rouge.shown
    half = (100 - made(CUT[:10] + GOLD[10:]).metrics["rouge_l"].value) * 12 / 10 / 2
    assert rouge.difference.value == pytest.approx(half)
    assert rouge.difference.low > 0


def test_a_system_against_itself_differs_by_nothing_and_the_correction_counts_all() -> None:
    same = pool([made(CUT)], ITEMS)
    found = contrasts({"a": same, "b": same}, [("a", "b"), ("b", "a")], ["rouge_l", "style"])
    assert {one.difference.value for one in found} == {0}
    assert not any(one.shown for one in found)


def test_reports_on_other_items_are_refused() -> None:
    strange = report(GOLD[:2], of=[item(0, topic="changed"), item(1)])
    with pytest.raises(ValueError, match="not those of the data"):
        pool([strange], ITEMS)
    with pytest.raises(ValueError, match="different items"):
        pool([made(GOLD), report(GOLD[:2], of=[item(0), item(1)])], ITEMS)
