"""What people said about drafts, weighed: one vote a rater, no rater louder than the others.

A page that anybody can rate on must not let one of them decide what is learned: acts are capped by
rater, the last act of a kind on a draft replaces the earlier ones, and raters decide by majority.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from engine.types import Feedback
from finetune.reasons import Reason
from storage.records import NoteRecord

WRITER = "writer"
ACTS_PER_NOTE = 12
"""What one rater can say about one note; the latest count."""
ACTS_BESIDE = 20
"""What a rater other than the writer may always say; beyond it, no more than the others' median."""
_TELLING = 3  # ratings from which on equal stars mean that the rater tells nothing apart


@dataclass(frozen=True)
class Judged:
    """What was said about the drafts of one note.

    `liked` says by draft whether most liked it, `order` holds (better, worse) drafts, `edits` the
    last edit of each draft, `acts` the ids of all acts behind them by draft, `wrong` the drafts
    that somebody says have a fact wrong or missing.
    """

    liked: Mapping[int, bool] = field(default_factory=dict)
    order: Sequence[tuple[int, int]] = ()
    edits: Mapping[int, Feedback] = field(default_factory=dict)
    acts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    wrong: frozenset[int] = frozenset()

    @property
    def about(self) -> frozenset[int]:
        """The drafts that were rated, compared or edited."""
        return frozenset(
            {*self.liked, *self.edits, *(draft for two in self.order for draft in two)}
        )


def weigh(records: Sequence[NoteRecord], dropped: Counter[str]) -> list[Judged]:
    """Return what was said about each note, in the order of the notes."""
    rated = _without_floods(records, dropped)
    equal = _raters_of_equal_stars(rated)
    return [
        _judged(len(record.note.drafts), acts, equal, dropped)
        for record, acts in zip(records, rated, strict=True)
    ]


def _without_floods(
    records: Sequence[NoteRecord], dropped: Counter[str]
) -> list[Sequence[Feedback]]:
    """Return each note's acts less those beyond a rater's share: the earliest of a rater stay."""
    kept = [_last_words(record.feedback, dropped) for record in records]
    counts = Counter(act.rater for acts in kept for act in acts)
    room = {rater: _share(rater, counts) for rater in counts}
    within: list[Sequence[Feedback]] = []
    for acts in kept:
        heard = []
        for act in acts:
            room[act.rater] -= 1
            if room[act.rater] >= 0:
                heard.append(act)
        dropped[Reason.FLOOD] += len(acts) - len(heard)
        within.append(heard)
    return within


def _share(rater: str, counts: Mapping[str, int]) -> int:
    others = [count for other, count in counts.items() if other != rater]
    if rater == WRITER or not others:
        return counts[rater]
    return max(ACTS_BESIDE, round(median(others)))


def _last_words(acts: Sequence[Feedback], dropped: Counter[str]) -> list[Feedback]:
    """Return the acts that stand: a rater's last of a kind on a draft, at most so many a note."""
    standing: dict[tuple[object, ...], Feedback] = {}
    for act in acts:
        about = _about(act)
        standing.pop(about, None)  # moves it to the end
        standing[about] = act
    by_rater: dict[str, list[Feedback]] = defaultdict(list)
    for act in standing.values():
        if not act.withdrawn:
            by_rater[act.rater].append(act)
    dropped[Reason.FLOOD] += sum(max(0, len(said) - ACTS_PER_NOTE) for said in by_rater.values())
    return [act for said in by_rater.values() for act in said[-ACTS_PER_NOTE:]]


def _about(act: Feedback) -> tuple[object, ...]:
    """Return what an act is about: a later one about the same replaces it."""
    if act.over is not None:
        return (act.rater, "two", *sorted((act.draft, act.over)))
    if act.kind == "choice":
        return (act.rater, act.kind)
    return (act.rater, act.kind, act.draft, act.tag)


def _raters_of_equal_stars(rated: Sequence[Sequence[Feedback]]) -> frozenset[str]:
    stars: dict[str, list[int | None]] = defaultdict(list)
    for acts in rated:
        for act in acts:
            if act.kind == "stars":
                stars[act.rater].append(act.stars)
    return frozenset(r for r, s in stars.items() if len(s) >= _TELLING and len(set(s)) == 1)


def _judged(
    drafts: int, acts: Sequence[Feedback], equal: frozenset[str], dropped: Counter[str]
) -> Judged:
    votes: dict[int, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    ids: dict[int, list[str]] = defaultdict(list)
    for act in acts:
        ids[act.draft].append(act.id)
        vote = _vote(act, equal, dropped)
        if vote is not None:
            votes[act.draft][act.rater].add(vote)
    liked = {draft: _majority(said.values()) for draft, said in votes.items()}
    dropped[Reason.CANCELLED] += sum(said is None for said in liked.values())
    return Judged(
        liked={draft: said for draft, said in liked.items() if said is not None},
        order=_order(drafts, acts, dropped),
        edits={act.draft: act for act in acts if act.kind == "edit"},
        acts={draft: tuple(found) for draft, found in ids.items()},
        wrong=frozenset(a.draft for a in acts if a.tag in {"wrong-fact", "missing-fact"}),
    )


def _vote(act: Feedback, equal: frozenset[str], dropped: Counter[str]) -> bool | None:
    """Return whether an act likes its draft; None where it does not say."""
    if act.kind == "thumb":
        return act.thumb == "up"
    if act.kind == "tag" and act.tag == "great":
        return True
    if act.stars is None:
        return None
    if act.rater in equal:
        dropped[Reason.ALL_EQUAL] += 1
        return None
    if act.stars == 3:
        dropped[Reason.IN_BETWEEN] += 1
        return None
    return act.stars > 3


def _majority(said: Iterable[Collection[bool]]) -> bool | None:
    """Return what most raters say; who contradicts themselves does not count, a draw is nothing."""
    votes = [next(iter(one)) for one in said if len(one) == 1]
    balance = sum(1 if vote else -1 for vote in votes)
    return None if balance == 0 else balance > 0


def _order(
    drafts: int, acts: Sequence[Feedback], dropped: Counter[str]
) -> tuple[tuple[int, int], ...]:
    """Return (better, worse) of the drafts that were compared; a choice passes over all others."""
    said: Counter[tuple[int, int]] = Counter()
    for act in acts:
        if act.kind == "choice":
            passed = range(drafts) if act.over is None else [act.over]
            said.update((act.draft, other) for other in passed if other != act.draft)
    draws = [pair for pair in said if said[pair] == said[pair[::-1]]]
    dropped[Reason.CANCELLED] += len(draws) // 2
    return tuple(sorted(pair for pair in said if said[pair] > said[pair[::-1]]))
