"""Figures and comparisons by language, by voice, or by any other grouping of items.

Every comparison that is made counts in Holm's correction, so that looking in many places finds no
more than it should.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from engine.notebench.metrics import Judged, metrics
from engine.notebench.report import (
    BenchReport,
    Compared,
    Measure,
    Score,
    compare_metric,
    measures,
)
from engine.notebench.samples import BenchItem
from engine.notebench.significance import (
    ALPHA,
    RESAMPLES,
    holm,
    least_chance,
    resamples_for,
)
from engine.types import Scores

By = Literal["language", "voice"]
Pair: TypeAlias = tuple[Judged, Judged]
"""The outputs of two systems for one item."""


class GroupCompared(Compared):
    """One metric of two systems on one group of items; `p` is corrected over all comparisons."""

    group: str
    n: int


def group_of(item: BenchItem, by: By) -> str:
    """Return the language or the author of an item; empty where no author is named."""
    return item.language if by == "language" else item.author


def grouped(items: Sequence[BenchItem], by: By) -> dict[str, list[BenchItem]]:
    """Return the items of each group, groups in the order in which they first come."""
    found: dict[str, list[BenchItem]] = {}
    for item in items:
        found.setdefault(group_of(item, by), []).append(item)
    return found


def measure_by(judged: Sequence[Judged], by: By) -> dict[str, dict[str, Measure]]:
    """Return every measure of each group."""
    found: dict[str, list[Judged]] = {}
    for one in judged:
        found.setdefault(group_of(one.item, by), []).append(one)
    return {name: measures(some) for name, some in found.items()}


def compare_by(
    first: BenchReport,
    second: BenchReport,
    items: Sequence[BenchItem],
    score: Score,
    by: By,
) -> tuple[GroupCompared, ...]:
    """Compare two reports metric by metric within each group (Holm over all of it).

    Raises:
        ValueError: they are on different data.
    """
    if first.data.sha256 != second.data.sha256:
        raise ValueError("the two reports are on different data")
    one, two = (
        {told.item.id: told for told in judged(report, items, score)} for report in (first, second)
    )
    return compare_groups(
        {
            name: [(one[item.id], two[item.id]) for item in some]
            for name, some in grouped(items, by).items()
        }
    )


def compare_groups(groups: Mapping[str, Sequence[Pair]]) -> tuple[GroupCompared, ...]:
    """Compare pairs of outputs metric by metric within each group (Holm over all of it)."""
    measured = metrics()
    most = resamples_for(len(groups) * len(measured))
    found = [
        GroupCompared(**told.model_dump(), group=name, n=len(pairs))
        for name, pairs in groups.items()
        for metric in measured
        if (told := compare_metric(metric, pairs, resamples=_worthwhile(len(pairs), most)))
    ]
    chances = holm([one.p for one in found])
    return tuple(
        one.model_copy(update={"p": p, "shown": p < ALPHA})
        for one, p in zip(found, chances, strict=True)
    )


def _worthwhile(count: int, most: int) -> int:
    """Return how many resamples to take: so few items show nothing, whatever is done."""
    return RESAMPLES if least_chance(count) >= ALPHA else most


def judged(report: BenchReport, items: Sequence[BenchItem], score: Score) -> list[Judged]:
    """Return a report's outputs with their scores, in the items' order."""
    texts = {output.id: output.text for output in report.items}
    return [Judged(item, texts[item.id], score(item, texts[item.id])) for item in items]


def as_reported(reports: Sequence[BenchReport]) -> Score:
    """Return what looks scores up in reports that were made here, instead of scoring anew."""
    known = {
        (output.id, output.text): _scores(output.scores, report.signature)
        for report in reports
        for output in report.items
    }
    return lambda item, text: known[item.id, text]


_KEPT = ("style", "meaning", "faithful", "copied", "fact_recall", "length_ratio", "vss", "slop")


def _scores(values: Mapping[str, float | None], signature: str) -> Scores:
    """Return the scores that a row of a report holds; of `factual` it keeps which side of half."""
    wrong = values.get("factual_hallucination")
    return Scores(
        **{name: values.get(name) for name in _KEPT},
        factual=None if wrong is None else 1 - wrong,
        signature=signature,
    )
