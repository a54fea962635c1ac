"""What a run found: its reports with their items, comparisons with a baseline, and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from app.benchfiles import BenchFiles, BenchRun
from app.benchjobs import Seen
from engine.notebench.groups import (
    By,
    GroupCompared,
    Pair,
    as_reported,
    compare_groups,
    group_of,
    grouped,
    judged,
    measure_by,
)
from engine.notebench.metrics import Judged
from engine.notebench.report import BenchReport, Measure
from engine.notebench.samples import BenchItem

Contrasts: TypeAlias = Mapping[tuple[str, str], GroupCompared]
"""By row and metric: the row's system against the baseline."""
Groups: TypeAlias = Mapping[tuple[str, str], Mapping[str, Measure]]
"""By system and group: its measures."""


@dataclass(frozen=True, eq=False)
class Results:
    """The reports of a run that are there, on the items that they answer."""

    run: BenchRun
    items: tuple[BenchItem, ...]
    reports: Mapping[str, BenchReport]
    judged: Mapping[str, Sequence[Judged]]

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that have a report, in the run's order."""
        return tuple(self.reports)

    def groups(self, by: By) -> list[str]:
        """Return the languages or voices among the items, as they first come."""
        return list(grouped(self.items, by))


class BenchResults:
    """Reads results from the files of runs, and keeps the last few at hand."""

    def __init__(self, files: BenchFiles) -> None:
        """Keep where the files are; nothing is read yet."""
        self._files = files
        self._read = lru_cache(maxsize=8)(self._read_now)
        self._contrasts = lru_cache(maxsize=32)(_contrasts)
        self._measures = lru_cache(maxsize=16)(_measures)

    def of(self, owner: str, seen: Seen) -> Results:
        """Return the results of a run, as far as they are there."""
        return self._read(owner, seen.run, seen.finished)

    def _read_now(self, owner: str, run: BenchRun, finished: tuple[str, ...]) -> Results:
        items = self._files.items(owner, run)
        reports = {name: self._files.report(owner, run, name) for name in finished}
        score = as_reported(list(reports.values()))
        told = {name: judged(report, items, score) for name, report in reports.items()}
        return Results(run, items, reports, told)

    def against(self, results: Results, baseline: str) -> Contrasts:
        """Return how each other system differs from the baseline (Holm over all of it)."""
        return self._contrasts(results, baseline, None)

    def against_by(self, results: Results, baseline: str, by: By) -> Contrasts:
        """Return the same within each language or voice; rows are called "SYSTEM|GROUP"."""
        return self._contrasts(results, baseline, by)

    def measures(self, results: Results, by: By) -> Groups:
        """Return every measure by system and language or voice."""
        return self._measures(results, by)


def _contrasts(results: Results, baseline: str, by: By | None) -> Contrasts:
    base = results.judged.get(baseline)
    if base is None:
        return {}
    pairs: dict[str, list[Pair]] = {}
    for name, outputs in results.judged.items():
        for one, two in zip(base, outputs, strict=True):
            if name != baseline:
                row = f"{name}|{group_of(one.item, by)}" if by else name
                pairs.setdefault(row, []).append((one, two))
    return {(row.group, row.metric): row for row in compare_groups(pairs)}


def _measures(results: Results, by: By) -> Groups:
    return {
        (name, group): found
        for name, outputs in results.judged.items()
        for group, found in measure_by(outputs, by).items()
    }
