"""Votes between two texts, inside the caller's transaction."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from engine.errors import InvalidRequest
from engine.notebench.votes import Vote
from storage.canonical import canonical, vote_id
from storage.records import VoteRow
from storage.tables import VoteEntry

MOST_PER_PAIR = 20


def add(session: Session, owner: str, vote: Vote) -> None:
    """Append a vote; the same act again changes nothing."""
    body = canonical(vote)
    address = vote_id(body)
    same = (VoteEntry.owner == owner, VoteEntry.id == address)
    if session.exec(select(VoteEntry.seq).where(*same)).one_or_none() is not None:
        return
    if _count(session, owner, vote) >= MOST_PER_PAIR:
        raise InvalidRequest(
            f"You have voted on this pair {MOST_PER_PAIR} times; your last vote stands."
        )
    session.add(
        VoteEntry(
            owner=owner,
            id=address,
            rater=vote.rater,
            item=vote.item,
            left_key=vote.left,
            right_key=vote.right,
            chosen=vote.chosen,
            seconds=vote.seconds,
            created_at=vote.created_at,
            body=body,
        )
    )
    session.flush()


def rows(session: Session, owner: str | None) -> list[VoteRow]:
    """Return an owner's votes, or everybody's, oldest first."""
    wanted = select(VoteEntry.owner, VoteEntry.body).order_by(col(VoteEntry.seq))
    if owner is not None:
        wanted = wanted.where(VoteEntry.owner == owner)
    return [VoteRow(whose, Vote.model_validate_json(body)) for whose, body in session.exec(wanted)]


def _count(session: Session, owner: str, vote: Vote) -> int:
    """Return how often this rater has voted on this pair, whichever side each stood on."""
    both = (vote.left, vote.right)
    return session.exec(
        select(func.count()).where(
            VoteEntry.owner == owner,
            VoteEntry.rater == vote.rater,
            VoteEntry.item == vote.item,
            col(VoteEntry.left_key).in_(both),
            col(VoteEntry.right_key).in_(both),
        )
    ).one()
