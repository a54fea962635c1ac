"""Votes between two texts, and how pairs are put before a rater: blind, balanced, resumable."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from engine.types import Value, utc_now

Chosen = Literal["left", "right", "tie", "undone"]
Label = Literal["first", "second", "tie"]
LABELS: tuple[Label, ...] = ("first", "second", "tie")
LONGEST = 3_600.0  # seconds; whoever takes longer went away


class Pair(NamedTuple):
    """Two texts on one item by their keys, `first` before `second` in the alphabet."""

    item: str
    first: str
    second: str


class Vote(Value):
    """One act of a rater on two texts; append-only, and the last on a pair counts.

    `left` and `right` are the keys of the texts as they stood on the page: the addresses of reports
    for outputs of systems, "draft:N" for drafts of the note that `item` names. "undone" takes the
    rater's earlier votes on the pair back.
    """

    rater: str
    item: str
    left: str
    right: str
    chosen: Chosen
    seconds: Annotated[float, Field(ge=0, le=LONGEST)] = 0.0
    created_at: datetime = Field(default_factory=utc_now)

    @property
    def id(self) -> str:
        """The content address of this act."""
        return f"v1-{self.digest()[:32]}"

    @property
    def pair(self) -> Pair:
        """What it is about, whichever side each stood on."""
        return Pair(self.item, *sorted((self.left, self.right)))

    @property
    def label(self) -> Label:
        """What was preferred, of the pair's two texts."""
        if self.chosen not in {"left", "right"}:
            return "tie"
        taken = self.left if self.chosen == "left" else self.right
        return "first" if taken == self.pair.first else "second"


def standing(votes: Iterable[Vote]) -> dict[Pair, Vote]:
    """Return one rater's last word on each pair, oldest first; what was undone is gone."""
    last: dict[Pair, Vote] = {}
    for vote in votes:
        last.pop(vote.pair, None)  # so that the order is that of the last words
        if vote.chosen != "undone":
            last[vote.pair] = vote
    return last


def in_turn(pairs: Iterable[Pair], *, seed: int = 0) -> list[Pair]:
    """Return the pairs in the order in which every rater gets them, so that their votes meet.

    Shuffled by the seed, yet every item comes once before any comes again.
    """
    rounds: Counter[str] = Counter()
    order = []
    for pair in sorted(pairs, key=lambda pair: _drawn(seed, *pair)):
        order.append((rounds[pair.item], _drawn(seed, *pair), pair))
        rounds[pair.item] += 1
    return [pair for *_, pair in sorted(order)]


def sides(pair: Pair, voted: Sequence[Vote], rater: str, *, seed: int = 0) -> tuple[str, str]:
    """Return what stands left and right, so that each text's maker stands left equally often.

    Args:
        pair: what is shown.
        voted: the rater's standing votes: whoever stood left less often against the same other
            stands left; a coin that the seed throws decides where they are even.
        rater: each has coins of their own.
        seed: repeats everything.
    """
    lefts = Counter(vote.left for vote in voted if vote.pair[1:] == pair[1:])
    apart = lefts[pair.first] - lefts[pair.second]
    if apart == 0:
        apart = 1 if _drawn(seed, rater, *pair) % 2 else -1
    return (pair.second, pair.first) if apart > 0 else (pair.first, pair.second)


def _drawn(seed: int, *names: str) -> int:
    """Return a number that looks drawn by lot, the same for the same names."""
    text = "\n".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
