"""Figures of a system over several seeds: items are resampled, an item with all of its outputs.

Outputs of one item under several seeds are not independent of each other, so seeds are no further
items: they make an item's own figure steadier, and the intervals are over items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from engine.notebench.groups import as_reported, judged
from engine.notebench.metrics import Metric, Parts, metrics
from engine.notebench.report import BenchReport, checksum
from engine.notebench.samples import BenchItem
from engine.notebench.significance import (
    ALPHA,
    Difference,
    difference,
    holm,
    interval,
    resamples_for,
)


class Figure(NamedTuple):
    """A measure over items and seeds with its interval; `n` items could be measured."""

    value: float
    low: float
    high: float
    n: int


class Contrast(NamedTuple):
    """How much higher one system is than a baseline in a metric; p is corrected by Holm."""

    system: str
    baseline: str
    metric: str
    difference: Difference
    n: int

    @property
    def shown(self) -> bool:
        """Whether it is more than luck."""
        return self.difference.p < ALPHA


@dataclass(frozen=True)
class Pool:
    """A system's reports on the same items, one for each seed, and what each output adds."""

    reports: tuple[BenchReport, ...]
    parts: Mapping[str, Mapping[str, Parts]]
    """By metric and item: the parts of all seeds summed."""

    @property
    def seeds(self) -> int:
        """How many reports there are."""
        return len(self.reports)

    def without_texts(self) -> "Pool":
        """Return the figures alone, for data whose texts are not ours to publish."""
        return replace(self, reports=tuple(_numbers_of(report) for report in self.reports))


def _numbers_of(report: BenchReport) -> BenchReport:
    data = report.data.model_copy(update={"path": Path(report.data.path).name})
    items = tuple(output.model_copy(update={"text": ""}) for output in report.items)
    return report.model_copy(update={"data": data, "items": items})


def pool(reports: Sequence[BenchReport], items: Mapping[str, BenchItem]) -> Pool:
    """Take a system's reports together; the scores are those that they hold.

    Raises:
        ValueError: a report is on other items, or two are on different ones of them.
    """
    ids = {output.id for output in reports[0].items}
    for report in reports:
        if {output.id for output in report.items} != ids:
            raise ValueError("its seeds are on different items")
        told = [items[output.id] for output in report.items if output.id in items]
        if len(told) != len(report.items) or checksum(told) != report.data.sha256:
            raise ValueError("its items are not those of the data given")
    chosen = [items[output.id] for output in reports[0].items]
    outputs = [judged(report, chosen, as_reported([report])) for report in reports]
    found: dict[str, dict[str, Parts]] = {}
    for metric in metrics():
        for item, *same in zip(chosen, *outputs, strict=True):
            rows = [got.parts for one in same if (got := metric.measured(one)) is not None]
            if len(rows) == len(reports):
                summed = tuple(sum(column) for column in zip(*rows, strict=True))
                found.setdefault(metric.name, {})[item.id] = summed
    return Pool(tuple(reports), found)


def figure(pooled: Pool, metric: Metric) -> Figure | None:
    """Return a system's figure; None where no item could be measured."""
    rows = list(pooled.parts.get(metric.name, {}).values())
    if not rows:
        return None
    value, low, high = interval(rows, lambda sums, count: metric.total(sums, count * pooled.seeds))
    return Figure(value, low, high, len(rows))


def contrasts(
    pools: Mapping[str, Pool], pairs: Sequence[tuple[str, str]], names: Sequence[str]
) -> tuple[Contrast, ...]:
    """Compare pairs of (system, baseline) in some metrics, on the items that both answered.

    Holm's correction is over everything that is returned.
    """
    wanted = [metric for metric in metrics() if metric.name in names]
    met = [(a, b) for a, b in pairs if a in pools and b in pools]
    resamples = resamples_for(len(met) * len(wanted))
    found = [
        contrast
        for system, baseline in met
        for metric in wanted
        if (contrast := _contrast(pools, system, baseline, metric, resamples)) is not None
    ]
    chances = holm([one.difference.p for one in found])
    return tuple(
        one._replace(difference=one.difference._replace(p=p))
        for one, p in zip(found, chances, strict=True)
    )


def _contrast(
    pools: Mapping[str, Pool], system: str, baseline: str, metric: Metric, resamples: int
) -> Contrast | None:
    two, one = pools[system], pools[baseline]
    both, mine = one.parts.get(metric.name, {}), two.parts.get(metric.name, {})
    shared = [item for item in both if item in mine]
    if not shared:
        return None
    # Each side times the other's seeds: then one count serves for both.
    first = [[part * two.seeds for part in both[item]] for item in shared]
    second = [[part * one.seeds for part in mine[item]] for item in shared]
    seeds = one.seeds * two.seeds
    apart = difference(
        first,
        second,
        lambda sums, count: metric.total(sums, count * seeds),
        resamples=resamples,
    )
    return Contrast(system, baseline, metric.name, apart, len(shared))
