"""The gate: may a candidate adapter serve in place of the one that does?

Both write the same items from the same plans and seeds. The candidate may serve where style or
preference rises by more than luck and nothing that is guarded (faithfulness, fact recall, meaning,
length) gets worse by more than luck: intervals by paired bootstrap over the items (Koehn 2004).
Pure: the texts come through a callable.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from engine.notebench.metrics import Judged, metrics
from engine.notebench.report import Score
from engine.notebench.run import Tell, untold
from engine.notebench.significance import ALPHA, Difference, difference
from engine.notebench.votes import Label
from engine.text import count_words
from engine.types import Language
from finetune.gate_items import GateItem
from finetune.gate_report import BothTexts, Change, GateReport, Reason, Role, Verdict

Side = Literal["before", "after"]
Write: TypeAlias = Callable[[GateItem, Side], str]
"""Writes an item with what serves now ("before") or with the candidate ("after")."""

ENOUGH = 6
"""Items below which nothing can be shown: least_chance(6) < ALPHA < least_chance(5)."""
MUST_BE_KNOWN = ("faithful", "meaning")
PREFERENCE = "preference"
LENGTH = "length_off"
_NEARNESS = "chrf"


class Told(NamedTuple):
    """A metric of the gate: what it counts for, and which way is up."""

    name: str
    role: Role
    better: Literal["higher", "lower"] = "higher"


METRICS = (
    Told("style", "aim"),
    Told(PREFERENCE, "aim"),
    Told("faithful", "guard"),
    Told("fact_recall", "guard"),
    Told("meaning", "guard"),
    Told(LENGTH, "guard", "lower"),
    Told("copied", "shown", "lower"),
    Told("slop", "shown", "lower"),
)


def ask_gate(
    items: Sequence[GateItem],
    write: Write,
    score: Score,
    *,
    candidate: str,
    current: str | None,
    language: Language,
    votes: Sequence[Label] = (),
    seed: int = 0,
    tell: Tell = untold,
) -> GateReport:
    """Let both write every item and decide.

    Args:
        items: what to write; see `gate_items`.
        write: writes one item with one of the two.
        score: scores a text as an answer to its item (`engine.notebench.scoring.scored_by`).
        candidate: the new adapter's id.
        current: the name of what serves now, None for the bare base.
        language: the style's.
        votes: people's choices between texts of the two: "first" is what serves now.
        seed: of the bootstrap; `write` has its own.
        tell: told after each item.
    """
    written: list[tuple[BothTexts, Judged, Judged]] = []
    for number, one in enumerate(items, 1):
        texts = write(one, "before"), write(one, "after")
        before, after = (Judged(one.item, text, score(one.item, text)) for text in texts)
        written.append((_both(one, before, after), before, after))
        tell(number, len(items))
    texts_of_both = tuple(both for both, _, _ in written)
    changes = tuple(_changes(texts_of_both, votes, seed))
    reasons = _reasons(texts_of_both, changes, votes, language)
    return GateReport(
        candidate=candidate,
        current=current,
        language=language,
        decision="promote" if all(r.kind == "better" for r in reasons) else "refuse",
        reasons=reasons,
        changes=changes,
        items=texts_of_both,
        votes=len(votes),
        seed=seed,
        signature=written[0][1].scores.signature if written else "",
    )


# ------------------------------------------------------------------ one item


def _both(one: GateItem, before: Judged, after: Judged) -> BothTexts:
    first, second = _figures(before), _figures(after)
    return BothTexts(
        id=one.item.id,
        origin=one.origin,
        topic=one.item.topic,
        before=before.text,
        after=after.text,
        wanted=next(iter(one.item.reference), None),
        nearer=_nearer(*(_liking(one, text) for text in (before, after))),
        scores_before=first,
        scores_after=second,
    )


def _figures(judged: Judged) -> dict[str, float | None]:
    """Return the figures of a text: the gate's, and how near it is to what the writer wanted."""
    wanted = {told.name for told in METRICS} | {_NEARNESS}
    known = {m.name: m.measured(judged) for m in metrics() if m.name in wanted}
    values = {name: found and found.value for name, found in known.items()}
    ratio = judged.scores.length_ratio
    return values | {LENGTH: None if ratio is None else abs(1 - ratio)}


def _liking(one: GateItem, judged: Judged) -> float | None:
    """Return how near a text is to what people wanted of its note; None where nobody said.

    To the writer's edit, where there is one; else to the drafts that they preferred, less how near
    it is to those that they passed over.
    """
    if one.item.reference:
        return _near(one, judged, one.item.reference)
    pairs = [_near(one, judged, (b,)) - _near(one, judged, (w,)) for b, w in one.preferred]
    return sum(pairs) / len(pairs) if pairs else None


def _near(one: GateItem, judged: Judged, wanted: tuple[str, ...]) -> float:
    nearness = next(metric for metric in metrics() if metric.name == _NEARNESS)
    item = one.item.model_copy(update={"reference": wanted})
    found = nearness.measured(judged._replace(item=item))
    return found.value if found else 0.0


def _nearer(before: float | None, after: float | None) -> Literal["before", "after", "tie"] | None:
    if before is None or after is None:
        return None
    return "tie" if before == after else "after" if after > before else "before"


# ------------------------------------------------------------------ all items


def _changes(items: Sequence[BothTexts], votes: Sequence[Label], seed: int) -> Iterator[Change]:
    for told in METRICS:
        pairs = _preferences(items, votes) if told.name == PREFERENCE else _pairs(items, told.name)
        yield change(told, pairs, seed)


def _pairs(items: Sequence[BothTexts], name: str) -> list[tuple[float, float]]:
    """Return a metric of both texts where both have it."""
    both = ((one.scores_before.get(name), one.scores_after.get(name)) for one in items)
    return [(a, b) for a, b in both if a is not None and b is not None]


_TAKEN: Mapping[str, tuple[float, float]] = {
    "before": (1.0, 0.0),
    "first": (1.0, 0.0),
    "after": (0.0, 1.0),
    "second": (0.0, 1.0),
    "tie": (0.5, 0.5),
}


def _preferences(items: Sequence[BothTexts], votes: Sequence[Label]) -> list[tuple[float, float]]:
    """Return for each choice what share of it each of the two got."""
    return [_TAKEN[one.nearer] for one in items if one.nearer] + [_TAKEN[vote] for vote in votes]


def change(told: Told, pairs: Sequence[tuple[float, float]], seed: int) -> Change:
    """Return a metric before and after on the same items, and whether it changed."""
    name, role, better = told
    if not pairs:
        return Change(metric=name, role=role, better=better, verdict="unknown", n=0)
    before, after = ([[value] for value in side] for side in zip(*pairs, strict=True))
    apart = difference(before, after, lambda sums, count: float(sums[0]) / count, seed=seed)
    return Change(
        metric=name,
        role=role,
        better=better,
        verdict=_verdict(apart, len(pairs), better),
        n=len(pairs),
        before=sum(value for (value,) in before) / len(pairs),
        after=sum(value for (value,) in after) / len(pairs),
        difference=apart.value,
        low=apart.low,
        high=apart.high,
        p=apart.p,
    )


def _verdict(apart: Difference, count: int, better: Literal["higher", "lower"]) -> Verdict:
    if count < ENOUGH:
        return "unknown"
    if apart.p >= ALPHA or apart.low <= 0 <= apart.high:
        return "same"
    return "better" if (apart.low > 0) == (better == "higher") else "worse"


# ------------------------------------------------------------------ the decision


def _reasons(
    items: Sequence[BothTexts],
    changes: Sequence[Change],
    votes: Sequence[Label],
    language: Language,
) -> tuple[Reason, ...]:
    """Return why it is promoted, or everything that speaks against it."""
    if len(items) < ENOUGH:
        return (Reason(kind="too-few", count=len(items)),)
    if all(one.before == one.after for one in items) and not votes:
        return (Reason(kind="equal", count=len(items)),)
    against = tuple(_objections(items, changes, language))
    gains = tuple(
        Reason(kind="better", metric=change.metric)
        for change in changes
        if change.role == "aim" and change.verdict == "better"
    )
    return gains + against if gains else (Reason(kind="no-gain"), *against)


def _objections(
    items: Sequence[BothTexts], changes: Sequence[Change], language: Language
) -> Iterator[Reason]:
    silent = sum(
        not count_words(one.after, language) and count_words(one.before, language) > 0
        for one in items
    )
    if silent:
        yield Reason(kind="silent", count=silent)
    for change in changes:
        if change.role == "guard" and change.verdict == "worse":
            yield Reason(kind="worse", metric=change.metric)
        elif change.verdict == "unknown" and change.metric in MUST_BE_KNOWN:
            yield Reason(kind="unmeasured", metric=change.metric, count=change.n)
