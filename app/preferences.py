"""What the votes say: who is preferred, and whether scores and other raters agree with a rater.

A rater is known by their own name where they share a machine; a stranger's name is never told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.contests import Contest, Text, contests
from app.studio import Studio
from engine.notebench.agreement import (
    Trust,
    agreeing,
    cohen_kappa,
    krippendorff_alpha,
    trust,
)
from engine.notebench.ranking import Game, Ranking, rank
from engine.notebench.shares import share
from engine.notebench.significance import Interval
from engine.notebench.votes import LABELS, Pair, Vote, standing

METRICS = ("style", "vss", "meaning", "faithful", "rouge_l", "copied")
_LOWER_IS_BETTER = {"copied"}
_POINTS = {"first": 1.0, "tie": 0.5, "second": 0.0}

Who = tuple[str, str]  # an owner and a rater of theirs


@dataclass(frozen=True)
class Table:
    """Systems on the same items, by strength; `name` is that of the items."""

    name: str
    items: int
    ranking: Ranking


@dataclass(frozen=True)
class MetricShare:
    """How often a metric prefers what people prefer, over `n` votes that chose one of two."""

    metric: str
    share: Interval
    n: int


@dataclass(frozen=True)
class RaterLine:
    """A rater: `name` is empty for a stranger."""

    name: str
    you: bool
    votes: int
    trust: Trust


@dataclass(frozen=True)
class Agreement:
    """How far raters agree on `pairs` that two or more voted on; kappa where they are two."""

    pairs: int
    share: Interval
    alpha: float | None
    kappa: float | None


@dataclass(frozen=True)
class Results:
    """All that the votes say. `left`: share of decided votes for the text on the left."""

    votes: int
    left: tuple[Interval, int] | None
    tables: tuple[Table, ...]
    metrics: tuple[MetricShare, ...]
    agreement: Agreement | None
    raters: tuple[RaterLine, ...]


def results(studio: Studio, owner: str, rater: str) -> Results:
    """Sum up the votes on everything that an owner may see: their own, and others' on systems."""
    known = contests(studio.store, studio.settings.data_dir, owner, "all")
    given: dict[Who, list[Vote]] = defaultdict(list)
    for row in studio.store.votes():
        contest = known.get(row.vote.pair)
        if contest is not None and (row.owner == owner or contest.data):
            given[row.owner, row.vote.rater].append(row.vote)
    votes = {who: list(standing(acts).values()) for who, acts in given.items()}
    votes = {who: those for who, those in votes.items() if those}
    labels = _labels(votes)
    trusted = {line.rater: line for line in trust(labels, LABELS)}
    everything = [vote for those in votes.values() for vote in those]
    return Results(
        votes=len(everything),
        left=_left(everything),
        tables=_tables(known, votes, {who: trusted[_key(who)].weight for who in votes}),
        metrics=tuple(_metrics(known, everything)),
        agreement=_agreement(labels),
        raters=_raters(votes, trusted, (owner, rater)),
    )


def _key(who: Who) -> str:
    return "\n".join(who)


def _labels(votes: Mapping[Who, Sequence[Vote]]) -> dict[str, dict[str, str]]:
    """Return what each rater preferred, by pair."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for who, those in votes.items():
        for vote in those:
            labels["\n".join(vote.pair)][_key(who)] = vote.label
    return labels


def _left(votes: Sequence[Vote]) -> tuple[Interval, int] | None:
    decided = [vote for vote in votes if vote.chosen != "tie"]
    found = _share((vote.item, vote.chosen == "left") for vote in decided)
    return None if found is None else (found, len(decided))


def _share(told: Iterable[tuple[str, bool]]) -> Interval | None:
    """Return a share of votes; those on one item are no independent ones and weigh together."""
    parts: dict[str, list[bool]] = defaultdict(list)
    for item, true in told:
        parts[item].append(true)
    if not parts:
        return None
    return share([(float(sum(those)), float(len(those))) for those in parts.values()])


def _tables(
    known: Mapping[Pair, Contest],
    votes: Mapping[Who, Sequence[Vote]],
    weights: Mapping[Who, float],
) -> tuple[Table, ...]:
    games: dict[tuple[str, str], list[Game]] = defaultdict(list)
    names = _names(contest for contest in known.values() if contest.data)
    for who, those in votes.items():
        for vote in those:
            contest = known[vote.pair]
            if contest.data:
                first, second = names[contest.first.key], names[contest.second.key]
                points = _POINTS[vote.label]
                data = (contest.data_name, contest.data)
                games[data].append(Game(vote.item, first, second, points, weights[who]))
    return tuple(
        Table(name, len({game.item for game in played}), rank(played))
        for (name, _), played in sorted(games.items())
    )


def _names(known: Iterable[Contest]) -> dict[str, str]:
    """Return systems' names by key; two reports of one system are told apart."""
    makers = {text.key: text.maker for each in known for text in (each.first, each.second)}
    many = list(makers.values())
    return {
        key: maker if many.count(maker) == 1 else f"{maker} ({key[3:7]})"
        for key, maker in makers.items()
    }


def _metrics(known: Mapping[Pair, Contest], votes: Sequence[Vote]) -> Iterable[MetricShare]:
    for metric in METRICS:
        told = [
            (vote.item, liked)
            for vote in votes
            if vote.label != "tie" and (liked := _liked(metric, known[vote.pair], vote)) is not None
        ]
        found = _share(told)
        if found is not None:
            yield MetricShare(metric, found, len(told))


def _liked(metric: str, contest: Contest, vote: Vote) -> bool | None:
    """Return whether the metric prefers what the rater did; None where it does not say."""
    texts: tuple[Text, Text] = (contest.first, contest.second)
    first, second = (text.scores.get(metric) for text in texts)
    if first is None or second is None or first == second:
        return None
    higher = "first" if first > second else "second"
    return (higher == vote.label) != (metric in _LOWER_IS_BETTER)


def _agreement(labels: Mapping[str, Mapping[str, str]]) -> Agreement | None:
    shared = [given for given in labels.values() if len(given) > 1]
    if not shared:
        return None
    units = [list(given.values()) for given in shared]
    raters = sorted({rater for given in shared for rater in given})
    kappa = None
    if len(raters) == 2:
        kappa = cohen_kappa(*([given[rater] for given in shared] for rater in raters))
    return Agreement(len(shared), share(agreeing(units)), krippendorff_alpha(units), kappa)


def _raters(
    votes: Mapping[Who, Sequence[Vote]], trusted: Mapping[str, Trust], asking: Who
) -> tuple[RaterLine, ...]:
    lines = [
        RaterLine(
            name=who[1] if who[0] == asking[0] else "",
            you=who == asking,
            votes=len(those),
            trust=trusted[_key(who)],
        )
        for who, those in votes.items()
    ]
    return tuple(sorted(lines, key=lambda line: (not line.you, -line.votes)))
