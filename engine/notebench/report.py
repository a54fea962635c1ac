"""A bench report: outputs, their scores, every measure with its interval, and what made them.

A report can be checked by anybody who has the data: `verify` scores the outputs anew and compares
every figure. Two reports on the same items can be compared, metric by metric.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field

from engine.notebench.metrics import Judged, Measured, Metric, metrics
from engine.notebench.samples import BenchItem
from engine.notebench.significance import (
    ALPHA,
    LEVEL,
    RESAMPLES,
    difference,
    holm,
    interval,
)
from engine.types import Scores, Value

VERSION = 1
Score = Callable[[BenchItem, str], Scores]
"""Scores a text as an answer to an item."""


class BenchOutput(Value):
    """What a system wrote for an item."""

    id: str
    text: str
    scores: dict[str, float | None] = Field(default_factory=dict)
    seconds: float = 0.0


class Measure(Value):
    """A measure of all outputs with its interval; `n` items could be measured."""

    value: float
    low: float
    high: float
    n: int


class BenchData(Value):
    """Which data: where it lay, its SHA-256 over the items, and how many there were."""

    path: str
    sha256: str
    n: int


class BenchReport(Value):
    """A system's outputs on some data, and every figure about them.

    `origin_sha256` is of what cannot be found anew: system, place of the data, settings, seconds.
    """

    system: str
    signature: str
    data: BenchData
    settings: dict[str, Any]
    items: tuple[BenchOutput, ...]
    metrics: dict[str, Measure]
    outputs_sha256: str = ""
    origin_sha256: str = ""


class Compared(Value):
    """One metric of two reports: `p` is corrected for the number of metrics compared."""

    metric: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    shown: bool


def checksum(items: Sequence[BenchItem]) -> str:
    """Return the SHA-256 of the items' content, whatever file they came from."""
    return _sha256([item.model_dump(mode="json") for item in items])


def make_report(
    system: str,
    path: str,
    items: Sequence[BenchItem],
    outputs: Mapping[str, BenchOutput],
    settings: Mapping[str, Any],
    score: Score,
) -> BenchReport:
    """Score the outputs of a system and measure them.

    Raises:
        KeyError: an item has no output.
    """
    judged = [
        Judged(item, outputs[item.id].text, score(item, outputs[item.id].text)) for item in items
    ]
    found = [_measured(one) for one in judged]
    rows = tuple(
        outputs[item.id].model_copy(update={"scores": _values(measured)})
        for item, measured in zip(items, found, strict=True)
    )
    return BenchReport(
        system=system,
        signature=_signature(judged),
        data=BenchData(path=path, sha256=checksum(items), n=len(items)),
        settings=dict(settings),
        items=rows,
        metrics=_measures(found),
        # A change of a text that no metric sees is found too.
        outputs_sha256=_sha256([(row.id, row.text) for row in rows]),
        origin_sha256=_sha256([system, path, dict(settings), [row.seconds for row in rows]]),
    )


def _sha256(told: object) -> str:
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _values(found: Mapping[str, Measured | None]) -> dict[str, float | None]:
    return {name: measured and measured.value for name, measured in found.items()}


def _signature(judged: Sequence[Judged]) -> str:
    scorers = "; ".join(dict.fromkeys(one.scores.signature for one in judged))
    named = " ".join(f"{metric.name}=[{metric.signature}]" for metric in metrics())
    return f"notebench/{VERSION} bootstrap={LEVEL} {named} scorer=[{scorers}]"


def measures(judged: Sequence[Judged]) -> dict[str, Measure]:
    """Return every metric that can be measured on some of these outputs, with its interval."""
    return _measures([_measured(one) for one in judged])


def _measured(one: Judged) -> dict[str, Measured | None]:
    return {metric.name: metric.measured(one) for metric in metrics()}


def _measures(found: Sequence[Mapping[str, Measured | None]]) -> dict[str, Measure]:
    made = {}
    for metric in metrics():
        parts = [told.parts for one in found if (told := one[metric.name]) is not None]
        if parts:
            value, low, high = interval(parts, metric.total)
            made[metric.name] = Measure(value=value, low=low, high=high, n=len(parts))
    return made


def verify(report: BenchReport, items: Sequence[BenchItem], score: Score) -> tuple[str, ...]:
    """Return what does not hold when every figure is made anew; nothing where all of it does."""
    found = []
    if checksum(items) != report.data.sha256:
        found.append("the data are not those of the report (another checksum)")
    if report.data.n != len(items):
        found.append(f"the report says {report.data.n} items, there are {len(items)}")
    outputs = {output.id: output for output in report.items}
    missing = [item.id for item in items if item.id not in outputs]
    if missing or len(outputs) != len(report.items) or len(outputs) != len(items):
        found.append("the report does not hold one output for each item")
        return tuple(found)
    told = make_report(report.system, report.data.path, items, outputs, report.settings, score)
    if told.signature != report.signature:
        found.append("the signature differs: another version or scorer made the report")
    if told.outputs_sha256 != report.outputs_sha256:
        found.append("the texts are not those that were scored (another checksum)")
    if told.origin_sha256 != report.origin_sha256:
        found.append("the system, its settings or its times were changed (another checksum)")
    for old, new in zip(_ordered(report, items), told.items, strict=True):
        found += [
            f"item {old.id}: {name} is {_shown(old.scores.get(name))}, found {_shown(value)}"
            for name, value in _both(old.scores, new.scores)
            if not _same(old.scores.get(name), value)
        ]
    found += _differing(report.metrics, told.metrics)
    return tuple(found)


def _ordered(report: BenchReport, items: Sequence[BenchItem]) -> list[BenchOutput]:
    outputs = {output.id: output for output in report.items}
    return [outputs[item.id] for item in items]


def _both(
    old: Mapping[str, float | None], new: Mapping[str, float | None]
) -> list[tuple[str, float | None]]:
    """Return every score's name, in either of the two, with its new value."""
    return [(name, new.get(name)) for name in dict.fromkeys([*old, *new])]


def _differing(old: Mapping[str, Measure], new: Mapping[str, Measure]) -> Iterable[str]:
    for name in dict.fromkeys([*old, *new]):
        if name not in old or name not in new:
            yield f"metric {name} is in one of the two only"
            continue
        for field in ("value", "low", "high", "n"):
            first, second = getattr(old[name], field), getattr(new[name], field)
            if not _same(first, second):
                yield f"metric {name}: {field} is {_shown(first)}, found {_shown(second)}"


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return math.isclose(first, second, rel_tol=1e-5, abs_tol=1e-5)


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.4f}"


def compare(
    first: BenchReport, second: BenchReport, items: Sequence[BenchItem], score: Score
) -> tuple[Compared, ...]:
    """Compare two reports on the same items, metric by metric (Holm over the metrics).

    Raises:
        ValueError: they are on different data.
    """
    if first.data.sha256 != second.data.sha256:
        raise ValueError("the two reports are on different data")
    texts = [{output.id: output.text for output in report.items} for report in (first, second)]
    pairs = [
        [Judged(item, text, score(item, text)) for text in _texts(item, texts)] for item in items
    ]
    found = [told for metric in metrics() if (told := compare_metric(metric, pairs)) is not None]
    chances = holm([one.p for one in found])
    return tuple(
        one.model_copy(update={"p": p, "shown": p < ALPHA})
        for one, p in zip(found, chances, strict=True)
    )


def _texts(item: BenchItem, texts: Sequence[Mapping[str, str]]) -> list[str]:
    return [told[item.id] for told in texts]


def compare_metric(
    metric: Metric, pairs: Sequence[Sequence[Judged]], *, resamples: int = RESAMPLES
) -> Compared | None:
    """Compare on the items that both answers can be measured on; p is not yet corrected."""
    rows = [[metric.measured(one) for one in pair] for pair in pairs]
    both = [(one.parts, two.parts) for one, two in rows if one is not None and two is not None]
    if not both:
        return None
    first, second = (list(side) for side in zip(*both, strict=True))
    apart = difference(first, second, metric.total, resamples=resamples)
    one, two = (
        metric.total([sum(c) for c in zip(*side, strict=True)], len(side))
        for side in (first, second)
    )
    return Compared(
        metric=metric.name,
        first=one,
        second=two,
        difference=apart.value,
        low=apart.low,
        high=apart.high,
        p=apart.p,
        shown=apart.p < ALPHA,
    )
