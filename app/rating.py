"""Rating two texts blind: what comes next, a vote, undoing it, and what the votes say.

Every rater gets the pairs in the same order, so that their votes meet; each on sides of their own.
Nothing is kept on the page: what was voted is in the database, and what comes next follows from it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from app.contests import Contest, Source, Text, contests, draft_index
from app.studio import Studio
from engine.errors import InvalidRequest
from engine.notebench.votes import LONGEST, Chosen, Pair, Vote, in_turn, sides, standing
from engine.text import clean
from engine.types import Feedback

WRITER = "writer"
_SEED = 0
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Ballot:
    """Two texts side by side. `token` says which, and which of them stands left, in no words."""

    contest: Contest
    left: Text
    right: Text
    samples: tuple[str, ...]
    token: str


@dataclass(frozen=True)
class Progress:
    """How far a rater has come; no ballot where nothing is left."""

    voted: int
    total: int
    ballot: Ballot | None = None


def rater_name(given: object) -> str:
    """Return a rater's name as it is kept."""
    name = clean(given[: 4 * _LONGEST_NAME]) if isinstance(given, str) else ""
    return " ".join(name.split())[:_LONGEST_NAME] or WRITER


def source_of(given: object) -> Source:
    """Return what to compare by the name that a page sent."""
    if given not in get_args(Source):
        raise InvalidRequest("That filter is not known; reload the page.")
    return cast("Source", given)


def progress(studio: Studio, owner: str, rater: str, source: Source) -> Progress:
    """Return how far a rater has come, with the next two texts."""
    known = _contests(studio, owner, source)
    voted = _standing(studio, owner, rater)
    left = [pair for pair in in_turn(known, seed=_SEED) if pair not in voted]
    ballot = None
    if left:
        contest = known[left[0]]
        one, two = sides(contest.pair, list(voted.values()), rater, seed=_SEED)
        ballot = Ballot(
            contest,
            contest.text(one),
            contest.text(two),
            _samples(studio, owner, contest),
            _token(contest.pair, one),
        )
    return Progress(len(known) - len(left), len(known), ballot)


def cast_vote(
    studio: Studio,
    owner: str,
    rater: str,
    source: Source,
    *,
    token: str,
    chosen: str,
    seconds: float,
) -> bool:
    """Keep a vote on the two texts that the token names; say whether they were still the next.

    Raises:
        InvalidRequest: it is no vote.
    """
    if chosen not in {"left", "right", "tie"}:
        raise InvalidRequest("A vote is left, right or neither; reload the page.")
    ballot = progress(studio, owner, rater, source).ballot
    if ballot is None or ballot.token != token:
        return False  # a key pressed twice: nobody has read what came next
    vote = Vote(
        rater=rater,
        item=ballot.contest.pair.item,
        left=ballot.left.key,
        right=ballot.right.key,
        chosen=cast("Chosen", chosen),
        seconds=round(min(max(seconds, 0.0), LONGEST), 1),
    )
    studio.store.add_vote(owner, vote, None if ballot.contest.data else _preference(vote))
    return True


def undo(studio: Studio, owner: str, rater: str, source: Source) -> bool:
    """Take the rater's last vote back; say whether there was one."""
    known = _contests(studio, owner, source)
    voted = [vote for vote in _standing(studio, owner, rater).values() if vote.pair in known]
    if not voted:
        return False
    last = voted[-1]
    gone = Vote(rater=rater, item=last.item, left=last.left, right=last.right, chosen="undone")
    said = None if known[last.pair].data else _preference(last, withdrawn=True)
    studio.store.add_vote(owner, gone, said)
    return True


def _preference(vote: Vote, *, withdrawn: bool = False) -> Feedback | None:
    """Return the feedback on a note that a vote is; "can't tell" says nothing about its drafts."""
    if vote.chosen not in {"left", "right"}:
        return None
    taken, passed = vote.left, vote.right
    if vote.chosen == "right":
        taken, passed = passed, taken
    return Feedback(
        note_id=vote.item,
        draft=draft_index(taken),
        over=draft_index(passed),
        kind="choice",
        withdrawn=withdrawn,
        rater=vote.rater,
    )


def _contests(studio: Studio, owner: str, source: Source) -> Mapping[Pair, Contest]:
    return contests(studio.store, studio.settings.data_dir, owner, source)


def _standing(studio: Studio, owner: str, rater: str) -> dict[Pair, Vote]:
    rows: Iterable[Vote] = (row.vote for row in studio.store.votes(owner))
    return standing(vote for vote in rows if vote.rater == rater)


def _samples(studio: Studio, owner: str, contest: Contest) -> tuple[str, ...]:
    if not contest.profile:
        return contest.samples
    samples: Sequence[str] = [s.text for s in studio.store.profile(owner, contest.profile).samples]
    return tuple(samples)


def _token(pair: Pair, left: str) -> str:
    return hashlib.sha256("\n".join((*pair, left)).encode()).hexdigest()[:16]
